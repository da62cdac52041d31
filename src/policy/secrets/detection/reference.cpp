#include "policy/secrets/detection/reference.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>

namespace cloudlab::policy::secrets {
namespace {

bool IsAlnum(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

/// Where the reference ends whose path begins at `at`: behind a `+`, or with the line or string.
std::size_t EndOf(std::string_view text, std::size_t at) {
  at = std::min(text.find_first_of("+\n\r\"", at), text.size());
  return at < text.size() && text[at] == '+' ? at + 1 : at;
}

void Split(std::string_view rest, Reference& reference) {
  if (const std::size_t mark = rest.find('#'); mark != rest.npos) {
    std::string_view fragment = rest.substr(mark + 1);
    if (fragment.starts_with('/')) fragment.remove_prefix(1);
    reference.fragment = fragment;
    rest = rest.substr(0, mark);
  }
  if (const std::size_t mark = rest.find('?'); mark != rest.npos) {
    reference.parameters = rest.substr(mark + 1);
    rest = rest.substr(0, mark);
  }
  reference.path = rest;
}

}  // namespace

std::vector<Reference> FindReferences(std::string_view text) {
  static constexpr std::string_view kMark = "ref+";
  static constexpr std::string_view kSecret = "secret";
  std::vector<Reference> references;
  for (std::size_t at = text.find(kMark); at != text.npos; at = text.find(kMark, at + 1)) {
    std::size_t begin = at;
    if (text.substr(0, at).ends_with(kSecret)) begin -= kSecret.size();
    if (begin > 0 && IsAlnum(text[begin - 1])) continue;
    std::size_t scheme = at + kMark.size();
    while (scheme < text.size() &&
           (IsAlnum(text[scheme]) || text[scheme] == '_' || text[scheme] == '-')) {
      ++scheme;
    }
    const std::size_t path = scheme + 3;
    if (scheme == at + kMark.size() || !text.substr(scheme).starts_with("://")) continue;
    const std::size_t end = EndOf(text, path);
    const bool closed = end > path && text[end - 1] == '+';
    const std::string_view rest = text.substr(path, end - path - (closed ? 1 : 0));
    Reference reference;
    reference.backend = text.substr(at + kMark.size(), scheme - at - kMark.size());
    Split(rest, reference);
    if (reference.path.empty()) continue;
    reference.span = {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
    references.push_back(std::move(reference));
    at = end - 1;
  }
  return references;
}

}  // namespace cloudlab::policy::secrets
