"""From landed posts to answers: annotation, index, query layer, schedule, command line."""
