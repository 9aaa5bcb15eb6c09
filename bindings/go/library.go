package hyperbolic

// #include <hyperbolic.h>
import "C"

import "fmt"

// A library of another ABI than that of the header would read memory that is not there: nothing is better than that.
func init() {
	if loaded := uint32(C.hb_abi_version()); loaded != C.HYPERBOLIC_ABI_VERSION {
		panic(fmt.Sprintf("hyperbolic: libhyperbolic %s has ABI %d, and this program was built for %d",
			LibraryVersion(), loaded, uint32(C.HYPERBOLIC_ABI_VERSION)))
	}
}

// LibraryVersion is the version of the C library that is loaded, such as "0.1.0".
func LibraryVersion() string {
	return C.GoString(C.hb_library_version())
}
