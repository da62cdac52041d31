// Findings as data: severity, stable code, message, place, subject, hint. Showing them is a matter
// of app/report and of the front ends; the library never prints.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/span.hpp"

namespace cloudlab::text {

/// A named text that messages can point into: the stream, or a policy file. It must outlive every
/// Place that refers to it.
struct Source {
  std::string name;  ///< As shown to people: a path, or "<stdin>".
  std::string_view text;
};

/// A place in a source; `source` is null where a finding has none (a wrong flag, say).
struct Place {
  const Source* source = nullptr;
  Span span;
};

enum class Severity { kError, kWarning, kInfo };

std::string_view Name(Severity severity);

struct Diagnostic {
  Severity severity = Severity::kError;
  std::string code;     ///< "CL-Y-TAB": documented in docs/diagnostics.md.
  std::string message;  ///< One sentence without a full stop; what is wrong.
  Place place;
  std::string object;  ///< "Deployment/shop/cart", or empty.
  std::string hint;    ///< The way out, or empty.
};

/// Collects findings in order.
class Diagnostics {
 public:
  void Add(Diagnostic diagnostic) { items_.push_back(std::move(diagnostic)); }
  void Append(Diagnostics other);

  const std::vector<Diagnostic>& items() const { return items_; }
  bool HasErrors() const;

 private:
  std::vector<Diagnostic> items_;
};

}  // namespace cloudlab::text
