"""Many detections over one reading of the logs: what fired, for whom, in which file, and what could not have been seen.

`select` plans the detections and says which of them the log can show, `settle` computes the data models once for all
processes, `crew` runs the searches on all cores, `outcome` says what came of one, `files` in which logs, `case` what came of all, and
`status` what the program ends with.
"""
