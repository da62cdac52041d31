// The life of a program: flags, input, run, and what leaves; the programs differ in what they read.
#pragma once

#include "frontend/options.hpp"

namespace cloudlab::frontend {

/// Runs `program` and returns its exit code. Catches everything: whatever goes wrong, nothing of an
/// output has been written by then. May end the process itself instead of returning.
int Main(const Program& program, int argc, char** argv) noexcept;

}  // namespace cloudlab::frontend
