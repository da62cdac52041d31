// The proof that what a run has taken out of the stream does not leave the program: every removed
// value, in every form in which it could stand there, in one pass over a text.
//
// Found are the value as it is; with escapes (backslashes of YAML and JSON, doubled single quotes,
// also one inside of the other); percent-encoded in any way, with `+` for a blank; in base64,
// standard or URL-safe, alone or inside of a longer encoded text, on one line or broken over lines;
// and the lines of a value of several lines (forms.hpp). A value that could be a part of other
// words must stand alone: `:value@` and `a-value` are leaks, `values` is none. Only base64 needs no
// such border, nor does what has 16 bytes or more with letters and digits.
//
// Not found are values of fewer than 8 bytes (the caller proves by path that they are gone), base64
// of base64, hexadecimal, entities of XML, compressed, hashed or split values, the short lines of a
// value of several lines where each stands apart, base64 on lines of fewer than 16 characters, and
// values that YAML has folded over several lines: for these the caller passes the decoded scalar as
// a text of its own.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/secrets/pattern_table.hpp"
#include "text/span.hpp"

namespace cloudlab::policy::secrets {

class LeakSearch {
 public:
  /// Adds a value; one of fewer than 8 bytes is left out. `id` is the caller's number for messages.
  void Add(std::string_view value, std::size_t id);
  /// To be called once, behind the last Add() and before anything is searched.
  void Prepare() { table_.Build(); }
  bool empty() const { return table_.empty(); }

  struct Leak {
    std::size_t id = 0;
    text::Span span;
    std::string_view form;  ///< "as it is", "in base64", "percent-encoded", "with escapes".
  };
  /// Bytes of values on which it depends what has to be undone in a text.
  struct Marks {
    bool quotes = false;  ///< Single ones.
    bool blanks = false;
  };

  /// The first leak in `text`, by position.
  std::optional<Leak> Find(std::string_view text) const;
  /// All of them by position; none lies inside of another. Big texts are searched by all cores.
  std::vector<Leak> FindAll(std::string_view text) const;

  /// What of `text` must not be shown, in its order and apart from one another: leaks, and what
  /// beside them tells of their bytes.
  std::vector<text::Span> Hidden(std::string_view text) const;

  /// `text` with every value replaced by `***`. What is JSON before is JSON behind.
  std::string Scrub(std::string text) const;

 private:
  PatternTable table_;
  Marks has_;
};

}  // namespace cloudlab::policy::secrets
