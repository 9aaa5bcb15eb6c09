// The header itself knows nothing of Swift. What Swift should know of it is in CHyperbolic.apinotes.
#include <hyperbolic.h>
