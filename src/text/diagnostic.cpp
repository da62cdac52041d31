#include "text/diagnostic.hpp"

#include <algorithm>
#include <iterator>

namespace cloudlab::text {

std::string_view Name(Severity severity) {
  switch (severity) {
    case Severity::kError:
      return "error";
    case Severity::kWarning:
      return "warning";
    case Severity::kInfo:
      return "info";
  }
  return "error";
}

void Diagnostics::Append(Diagnostics other) {
  std::move(other.items_.begin(), other.items_.end(), std::back_inserter(items_));
}

bool Diagnostics::HasErrors() const {
  return std::ranges::any_of(items_,
                             [](const Diagnostic& d) { return d.severity == Severity::kError; });
}

}  // namespace cloudlab::text
