"""Lines of jobs that speak at once say whose they are."""

import io

from experiments.runtime.jobs import MarkedLines


def test_whole_lines_are_marked_and_the_rest_waits():
    stream = io.StringIO()
    marked = MarkedLines(stream, "[3]")
    marked.write("data: 0.1")
    assert stream.getvalue() == ""
    marked.write(" s\n\nleft\nof")
    assert stream.getvalue() == "[3] data: 0.1 s\n[3] \n[3] left\n"
    marked.finish()
    marked.finish()
    assert stream.getvalue().endswith("[3] of\n")
    assert not marked.isatty()
