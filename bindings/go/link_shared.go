//go:build !hyperbolic_static

package hyperbolic

// #cgo pkg-config: hyperbolic
import "C"
