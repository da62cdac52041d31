// PolicyExceptions: objects that a policy leaves alone although it selects them, for a reason that
// someone answers for, until a day. An expired exception is an error and not a silent change of
// what is deployed. Only a config may hold exceptions (document.hpp).
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "policy/document.hpp"
#include "policy/match.hpp"
#include "text/diagnostic.hpp"

namespace cloudlab::policy {

class Exceptions {
 public:
  /// The exceptions of `documents`. Reported are those that expired before `today` ("2026-11-21";
  /// empty: none did) and names of policies that do not exist.
  static Exceptions Read(const DocumentSet& documents, std::string_view today,
                         text::Diagnostics& diagnostics);

  /// The exception that takes `target` out of the policy of that name, or null.
  const Document* Find(std::string_view policy, const MatchTarget& target) const;

 private:
  struct Item {
    const Document* document;
    std::vector<std::string> policies;
    Match match;
  };

  std::deque<Item> items_;
};

/// "vendor client uses random ports (owner team-data, until 2027-03-31)".
std::string Reason(const Document& exception);

}  // namespace cloudlab::policy
