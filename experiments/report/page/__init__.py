"""report.html: one self-contained page a run, for people who were not there.

`document` says what a page may hold; `render` makes the HTML of it, with every foreign string
escaped; `drawing` turns figures and images into what a page can carry; `of_values`, `of_doubts`
and `of_study` say what a run of each kind answers, and why one may trust it.
"""
