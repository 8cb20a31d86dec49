"""May values be believed on these data? Sets of one size, scored and trained on in a budget."""
