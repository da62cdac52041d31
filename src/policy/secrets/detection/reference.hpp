// References to secrets that stand in values instead of them, as vals (helmfile/vals) and
// helm-secrets write them: `ref+BACKEND://PATH[?PARAMETERS][#/FRAGMENT]`, also `secretref+...`.
//
// As vals reads it, a reference goes on to the next `+`, which closes it and belongs to it
// (`postgres://u:ref+vault://db#/password+@host`), or to the end of the line; here also to the next
// double quote. Blanks may be part of a path. What has no backend or no path is none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/span.hpp"

namespace cloudlab::policy::secrets {

struct Reference {
  text::Span span;  ///< All of it, with a closing `+`.
  std::string backend;
  std::string path;
  std::string fragment;    ///< Behind `#/`; with slashes for what is nested.
  std::string parameters;  ///< Behind `?`.
};

/// The references in `text`, in its order.
std::vector<Reference> FindReferences(std::string_view text);

}  // namespace cloudlab::policy::secrets
