// The gate for everything textual that leaves the program beside the manifests: messages, summary,
// diff, report, log. Behind it no value stands that the run has replaced by a reference.
//
// Values that are too short to be searched for are hidden where the plan knows that they stand.
//
// The manifests themselves do not go through it: they are searched, and a run whose output holds
// such a value ends without any (app/leaks.hpp). With --dry-run the output is the input, in which
// the secrets stand already: that is left as it is.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/secrets/leak.hpp"
#include "text/span.hpp"

namespace cloudlab::app {

class Guard {
 public:
  /// Lets everything through: nothing was replaced.
  Guard() = default;
  /// `removed` may be null, too.
  explicit Guard(std::shared_ptr<const policy::secrets::LeakSearch> removed)
      : removed_(removed != nullptr && removed->empty() ? nullptr : std::move(removed)) {}
  /// The same; in the text `input` the `secrets` must not show either. They are in its order.
  Guard(std::shared_ptr<const policy::secrets::LeakSearch> removed, std::string_view input,
        std::vector<text::Span> secrets)
      : Guard(std::move(removed)) {
    input_ = input;
    secrets_ = std::move(secrets);
  }

  /// The values that must not pass, or null if there are none.
  const policy::secrets::LeakSearch* removed() const { return removed_.get(); }

  /// The parts of `text` that must not show, in its order, apart from one another.
  std::vector<text::Span> Hidden(std::string_view text) const {
    std::vector<text::Span> hidden;
    if (removed_ != nullptr) hidden = removed_->Hidden(text);
    if (text.data() == input_.data()) {
      hidden.insert(hidden.end(), secrets_.begin(), secrets_.end());
      std::ranges::sort(hidden, {}, &text::Span::begin);
    }
    std::size_t kept = 0;
    for (const text::Span span : hidden) {
      if (kept > 0 && span.begin <= hidden[kept - 1].end) {
        hidden[kept - 1].end = std::max(hidden[kept - 1].end, span.end);
      } else {
        hidden[kept++] = span;
      }
    }
    hidden.resize(kept);
    return hidden;
  }

  /// `text` as it may leave.
  std::string Pass(std::string text) const {
    return removed_ == nullptr ? std::move(text) : removed_->Scrub(std::move(text));
  }

 private:
  std::shared_ptr<const policy::secrets::LeakSearch> removed_;
  std::string_view input_;
  std::vector<text::Span> secrets_;
};

}  // namespace cloudlab::app
