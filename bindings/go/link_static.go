//go:build hyperbolic_static

package hyperbolic

// A file of its own, not a condition in a line: by the files that go into a package Go's build cache tells one from
// another, and not by what pkg-config says.

// #cgo pkg-config: --static hyperbolic
import "C"
