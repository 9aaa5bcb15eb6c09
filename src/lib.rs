//! libhyperbolic: the C ABI. The map of the house stands here.
