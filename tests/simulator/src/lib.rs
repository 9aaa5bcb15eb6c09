//! A local server that speaks Hyperbolic's text-generation API. It answers with canned text and says so.
