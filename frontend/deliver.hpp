// The end of every run: messages to stderr, diff and report to their files, and the output last, so
// that whatever fails before leaves stdout empty.
//
// Everything but the output passes the guard of the run here: no value that was replaced is told.
#pragma once

#include "app/pipeline.hpp"
#include "frontend/options.hpp"

namespace cloudlab::frontend {

/// Writes everything that `result` holds; returns the program's exit code.
int Deliver(const Options& options, const app::Result& result);

}  // namespace cloudlab::frontend
