// The pipeline as a KRM function: a ResourceList comes in, a ResourceList goes out, whatever
// happens.
//
// The items take the way of app/pipeline.cpp as if they were the documents of a stream; around them
// there are the functionConfig, which says what to do, and the results, which say what was done. A
// run that fails answers without items, so that no host mistakes half a list for a whole one. So
// does one that only validates, because kustomize takes back no item from a validator; but items
// that are files of a package go back as they came, because kpt deletes those that do not.
#pragma once

#include <string>

#include "app/pipeline.hpp"

namespace cloudlab::app {

/// Runs the function over `input`. `settings` hold what flags and environment say; the
/// functionConfig adds to them. Result::output is never empty: with an exit code other than kDone
/// it is a list without items whose results say why. With `problems` it does not even begin.
/// `input` and the sources must outlive the result.
Result RunFunction(const text::Source& input, Settings settings, text::Diagnostics problems = {});

/// The same policies and settings over a stream of documents, as kustomize's legacy plugins and
/// people by hand have it: `config` is the functionConfig, what leaves is a stream, and nothing if
/// the run fails.
Result RunUnwrapped(const text::Source& config, const text::Source& input, Settings settings,
                    text::Diagnostics problems = {});

/// The same answer for a function that could not begin at all.
std::string FailedFunction(const std::string& message);

}  // namespace cloudlab::app
