// The results of a function: what hosts show to people and write to files, told from the report.
//
// Source: the KRM Functions Specification v1 (message, severity, resourceRef, field, file, tags).
// kpt prints every one of them; so there is one per finding and one line per policy, and only a run
// that validates has one per edit that would be made.
#pragma once

#include "app/pipeline.hpp"
#include "yaml/value.hpp"

namespace cloudlab::app {

/// The results as a sequence, as they may be shown. One of severity error is among them exactly if
/// the run failed.
yaml::Value ResultsOf(const Result& result);

/// The one result of a function that could not even begin.
yaml::Value ErrorResult(const std::string& message);

}  // namespace cloudlab::app
