// Shorthand for the findings that this layer makes most.
#pragma once

#include <string>
#include <utility>

#include "text/diagnostic.hpp"

namespace cloudlab::policy {

inline text::Diagnostic Error(std::string code, std::string message, text::Place place,
                              std::string hint = {}) {
  text::Diagnostic error;
  error.code = std::move(code);
  error.message = std::move(message);
  error.place = place;
  error.hint = std::move(hint);
  return error;
}

}  // namespace cloudlab::policy
