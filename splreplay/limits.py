"""Splunk's limits (limits.conf.spec), which are part of what a search means, and ours. A run that reaches one says so, with counts."""

JOIN_MAXOUT = 50_000  # [join] subsearch_maxout
APPEND_MAXOUT = 50_000  # append's maxout, [searchresults] maxresultrows
SUBSEARCH_MAXOUT = 10_000  # [subsearch] maxout: rows of a subsearch in a predicate
SORT_DEFAULT = 10_000  # sort without a count
STREAM_WINDOW = 10_000  # [streamstats] max_stream_window
MAKERESULTS_MAX = 1_000_000  # ours: a typo must not fill the memory
TIMECHART_SPANS = 50_000  # [discretize] maxbins
SUBSEARCH_DEPTH = 20  # ours: deeper text is an attack on the parser, not a search
MACRO_CALLS = 20_000  # ours: macros that each call two others would expand without end
MACRO_DEPTH = 100  # [search_metadata]… nested macros, beyond it one calls itself
VALUE_LOOPS = 3  # ours: mvmap and mvfilter inside each other
MAX_SQL_CHARACTERS = 200_000  # ours: of one expression
COMMANDS = 1_000  # ours: of one pipeline
COMMAND_WORDS = 20_000  # ours: words and marks of one command
MAX_SEARCH_CHARACTERS = 1_000_000  # ours
MAX_YAML_BYTES = 1_000_000  # ours: a detection has some 10,000
YAML_DEPTH = 100  # ours: of mappings and sequences inside each other
MAX_CONF_BYTES = 64_000_000  # ours: the savedsearches.conf of a large app has some 15 million
MAX_LOOKUP_BYTES = 256_000_000  # ours: Splunk itself keeps a lookup of more than 25 MB out of memory
MAX_SCRIPT_BYTES = 64_000_000  # ours
MAX_RECORDING_BYTES = 4_000_000_000  # ours: of a test; a log that the user names has no limit
COMMAND_S = 600  # ours: seconds for all the chunks of a custom command
