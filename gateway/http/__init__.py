"""The REST API: one table of routes makes both what is served and the OpenAPI document."""
