// Boost.JSON compiled into the plugins: the archive that Debian ships is not position-independent
// and cannot go into a shared object.
#include <boost/json/src.hpp>
