// What people see while a run goes on: one channel to stderr, with levels.
#pragma once

#include <string_view>

#include "app/guard.hpp"

namespace cloudlab::app {

/// `--log-level`: from here on is shown. Messages of the run's findings keep their severity.
enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };

void SetLogLevel(LogLevel level);
bool IsShown(LogLevel level);
/// From here on every line passes `guard`.
void GuardLog(Guard guard);
void Log(LogLevel level, std::string_view message);

}  // namespace cloudlab::app
