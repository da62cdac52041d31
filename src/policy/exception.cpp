// Dates are compared as text: the schema has made sure that they are written YYYY-MM-DD.
#include "policy/exception.hpp"

#include <algorithm>
#include <utility>

#include "policy/diagnose.hpp"
#include "policy/registry.hpp"
#include "policy/suggest.hpp"

namespace cloudlab::policy {
namespace {

std::string Field(const Document& document, std::string_view name) {
  const yaml::Value* value = document.spec.Find(name);
  return value == nullptr ? std::string() : value->text();
}

}  // namespace

Exceptions Exceptions::Read(const DocumentSet& documents, std::string_view today,
                            text::Diagnostics& diagnostics) {
  Exceptions exceptions;
  const std::vector<std::string> known = PolicyNames(documents);
  for (const Document* document : documents.OfKind("PolicyException")) {
    const std::string expires = Field(*document, "expires");
    if (!today.empty() && expires < today) {
      diagnostics.Add(
          Error("CL-P-EXPIRED",
                document->Display() + " expired on " + expires + "; it is " + std::string(today),
                document->PlaceAt({"spec", "expires"}),
                "remove the exception, or let " + Field(*document, "owner") + " renew it"));
    }
    Item item{document, {}, Match(document->spec.Find("match"), Match::Hooks::kInclude)};
    for (const yaml::NodeView name : document->root.Find({"spec", "policies"}).children()) {
      item.policies.push_back(name.Text());
      if (std::ranges::find(known, item.policies.back()) != known.end()) continue;
      diagnostics.Add(Error("CL-P-POLICY", "no policy is called \"" + item.policies.back() + "\"",
                            document->PlaceOf(name), Suggestion(item.policies.back(), known)));
    }
    exceptions.items_.push_back(std::move(item));
  }
  return exceptions;
}

const Document* Exceptions::Find(std::string_view policy, const MatchTarget& target) const {
  for (const Item& item : items_) {
    if (std::ranges::find(item.policies, policy) == item.policies.end()) continue;
    if (item.match.Ask(target).matches) return item.document;
  }
  return nullptr;
}

std::string Reason(const Document& exception) {
  return Field(exception, "reason") + " (owner " + Field(exception, "owner") + ", until " +
         Field(exception, "expires") + ")";
}

}  // namespace cloudlab::policy
