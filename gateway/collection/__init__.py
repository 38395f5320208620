"""Which bins to empty today, why, and in what order.

What flows into a bin is learnt from its collections and, where it has a sensor, from its readings
(`inflow`, `city`); what an emptying is worth today from all days to come (`worth`); what a truck
can do from volume, shift and streets (`tour`, `plan`). Tables in, tables out.
"""
