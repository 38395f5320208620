"""Forecasts from a city's own history, each with a band and its past error.

One file a question that is asked (`bins`, `footfall`, `parking`), and what they share. Nothing
here knows the store, the network or the command line: tables in, tables out. With the extra
`forecast` (LightGBM) the forecasts are boosted trees; without it plain formulas, said in the
answer. A call takes seconds of processor time: a service makes it in a process of its own, never
on its event loop.
"""
