// The gate for everything textual that leaves the program beside the manifests: messages, summary,
// diff, report, log. Behind it no value stands that the run has replaced by a reference.
//
// The manifests themselves do not go through it: they are searched, and a run whose output holds
// such a value ends without any (app/leaks.hpp). With --dry-run the output is the input, in which
// the secrets stand already: that is left as it is.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "policy/secrets/leak.hpp"

namespace cloudlab::app {

class Guard {
 public:
  /// Lets everything through: nothing was replaced.
  Guard() = default;
  /// `removed` may be null, too.
  explicit Guard(std::shared_ptr<const policy::secrets::LeakSearch> removed)
      : removed_(removed != nullptr && removed->empty() ? nullptr : std::move(removed)) {}

  /// The values that must not pass, or null if there are none.
  const policy::secrets::LeakSearch* removed() const { return removed_.get(); }

  /// `text` as it may leave.
  std::string Pass(std::string text) const {
    return removed_ == nullptr ? std::move(text) : removed_->Scrub(std::move(text));
  }

 private:
  std::shared_ptr<const policy::secrets::LeakSearch> removed_;
};

}  // namespace cloudlab::app
