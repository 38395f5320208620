"""The technician's page, one A4 sheet a language, as PDF.

    python -m tools.technician [--output FOLDER]

A language is a text beside this file: `# title`, `## section`, `what is typed | what it does`, and
sentences, in later lines after `- `. What is typed stands between backticks where it is in a
sentence. Lines stand as they are written; one that does not fit is refused, not cut.
"""
