#include "app/log.hpp"

#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <string>
#include <utility>

namespace cloudlab::app {
namespace {

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kOff:
      return spdlog::level::off;
  }
  return spdlog::level::info;
}

/// Made on first use: a run that says nothing pays nothing for it.
spdlog::logger& Logger() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto sink = std::make_shared<spdlog::sinks::ansicolor_stderr_sink_st>();
    auto made = std::make_shared<spdlog::logger>("cloudlab", std::move(sink));
    made->set_pattern("%v");
    made->set_level(spdlog::level::info);
    return made;
  }();
  return *logger;
}

Guard& LogGuard() {
  static Guard guard;
  return guard;
}

}  // namespace

void GuardLog(Guard guard) { LogGuard() = std::move(guard); }

void SetLogLevel(LogLevel level) { Logger().set_level(ToSpdlog(level)); }

bool IsShown(LogLevel level) { return Logger().should_log(ToSpdlog(level)); }

void Log(LogLevel level, std::string_view message) {
  while (message.ends_with('\n')) message.remove_suffix(1);
  if (!IsShown(level)) return;
  const std::string passed = LogGuard().Pass(std::string(message));
  Logger().log(ToSpdlog(level), spdlog::string_view_t(passed.data(), passed.size()));
}

}  // namespace cloudlab::app
