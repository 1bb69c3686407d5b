// What `handover __trial FD` does, without the rest of the host.
#include <cstdlib>

#include "plugins/plugin.hpp"

int main(int argc, char** argv) {
    return argc == 3 ? handover::plugins::run_trial(std::atoi(argv[2])) : 2;
}
