// A dispatch that is left by a C++ exception.
#include "leave.h"

namespace {

struct Left {
    int events;
};

}  // namespace

static void leave(struct left *left) {
    throw Left{left->events};
}

static int is_left(struct left *left) {
    try {
        dispatch_all(left);
    } catch (const Left &thrown) {
        return check(thrown.events == left->events, "the exception comes through", "it is of event %d", thrown.events);
    }
    return 0;
}

int main() {
    return leave_in_every_way();
}
