// Fuzzing of surgery and of its proof: random changes to mutants of small seeds that the scanner
// accepts. Of every document and its changes, one of these must hold:
//   refused   Operate says why it does not edit
//   edited    the edited text is accepted, Verify passes, libyaml reads the same tree as we do, and
//             the bytes outside the edits are the old ones
// Then the edited text is damaged at random: where Verify still passes, libyaml must read the
// intended tree. Anything else is a failure.
//
//   fuzz_edit --tries N --seed S [--show K] SEED_FILE...
#include <CLI/CLI.hpp>
#include <cstdint>
#include <iostream>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "fuzz/mutator.hpp"
#include "oracle/canonical.hpp"
#include "yaml/change.hpp"
#include "yaml/stream.hpp"
#include "yaml/surgery.hpp"
#include "yaml/verify.hpp"
#include "yaml/view.hpp"

namespace {

using namespace cloudlab;  // NOLINT(google-build-using-namespace): a program of its own.
using yaml::ChangeSet;
using yaml::ItemPlace;
using yaml::NodeId;
using yaml::Outline;
using yaml::Value;

/// Random changes that keep the contract of ChangeSet, and their description.
class Changer {
 public:
  explicit Changer(fuzz::Mutator& random) : random_(random) {}

  ChangeSet Next(const Outline& outline) {
    ChangeSet changes;
    story_.clear();
    for (std::size_t i = 1 + random_.Below(3); i > 0; --i) {
      Add(outline, static_cast<NodeId>(random_.Below(outline.nodes().size())), changes);
    }
    return changes;
  }
  const std::string& story() const { return story_; }

 private:
  void Add(const Outline& outline, NodeId node, ChangeSet& changes) {
    const yaml::NodeView at(outline, node);
    const auto tell = [&](std::string_view what) {
      story_ += "  " + std::string(what) + " node " + std::to_string(node) + "\n";
    };
    const std::size_t dice = random_.Below(8);
    if (node == 0 && dice < 3 && random_.Below(8) != 0) return;  // Seldom the whole document.
    if (dice == 0) {
      tell("replace");
      (void)changes.Replace(node, AnyValue(3), 0);
    } else if (dice <= 2) {
      tell("remove");
      (void)changes.Remove(node, 0);
    } else if ((at.IsSeq() || at.IsNull()) && dice <= 5) {
      tell("append to");
      changes.Append(node, AnyValue(3), 0, Place(at));
    } else if (at.IsMap() || at.IsNull() || random_.Below(50) == 0) {
      std::vector<std::string> path = {"new" + std::to_string(random_.Below(3))};
      if (random_.Below(3) == 0) path.push_back(Text());
      tell("put " + path.front() + " into");
      if (random_.Below(4) != 0) {
        (void)changes.Put(node, path, AnyValue(2), 0);
      } else {
        (void)changes.Append(node, path, AnyValue(2), 0);
      }
    }
  }

  ItemPlace Place(yaml::NodeView seq) {
    std::vector<NodeId> items;
    for (const yaml::NodeView item : seq.children()) items.push_back(item.id());
    if (items.empty() || random_.Below(2) == 0) return {};
    const auto side = random_.Below(2) == 0 ? ItemPlace::Side::kBefore : ItemPlace::Side::kAfter;
    return {side, items[random_.Below(items.size())]};
  }

  std::string Text() {
    static const std::vector<std::string> kTexts = {"plain",
                                                    "two words",
                                                    "",
                                                    " ",
                                                    "yes",
                                                    "~",
                                                    "012",
                                                    "1e3",
                                                    "12:30",
                                                    "a: b",
                                                    "a #b",
                                                    "- a",
                                                    "line\n",
                                                    "two\nlines",
                                                    "two\nlines\n",
                                                    "two\n\n  lines\n",
                                                    "\n",
                                                    " lead\nline",
                                                    "end \nline",
                                                    "{a: b}",
                                                    "*a",
                                                    "\"q\"",
                                                    "'s'",
                                                    "back\\slash",
                                                    "tab\t",
                                                    "\xC3\xA9",
                                                    "a,b",
                                                    "---",
                                                    "...",
                                                    "#",
                                                    "kept\n\n",
                                                    "k\r\nl",
                                                    "%",
                                                    "@x",
                                                    "a?b",
                                                    "=",
                                                    "<<",
                                                    "x:"};
    return kTexts[random_.Below(kTexts.size())];
  }

  Value AnyValue(std::size_t depth) {
    switch (random_.Below(depth == 0 ? 3 : 6)) {
      case 0:
        return Value::Int(7);
      case 1:
        return random_.Below(2) == 0 ? Value::Null() : Value::Bool(true);
      case 2:
        return Value::String(Text());
      case 3: {
        Value map;
        for (std::size_t i = random_.Below(3); i > 0; --i) map.Put(Text(), AnyValue(depth - 1));
        return map;
      }
      case 4: {
        Value seq = Value::Seq();
        for (std::size_t i = random_.Below(3); i > 0; --i) seq.Append(AnyValue(depth - 1));
        return seq;
      }
      default:
        return Value::String(Text());
    }
  }

  fuzz::Mutator& random_;
  std::string story_;
};

class Fuzzer {
 public:
  Fuzzer(fuzz::Mutator& random, int show) : random_(random), changer_(random), show_(show) {}

  /// Edits every accepted document of a mutant.
  void Try() {
    const std::string stream = random_.Next();
    for (const yaml::Slice& slice : yaml::Split(stream)) {
      const bool first = slice.offset == 0;
      const yaml::ScanResult scan = yaml::Scan(slice.text, first);
      if (!scan.problem && !scan.outline.empty()) Edit(scan.outline, first);
    }
  }

  std::uint64_t tries() const { return tries_; }
  std::uint64_t edited() const { return edited_; }
  std::uint64_t failures() const { return failures_; }
  std::uint64_t fooled() const { return fooled_; }
  const std::map<std::string, std::uint64_t>& refusals() const { return refusals_; }

 private:
  void Edit(const Outline& outline, bool first) {
    const ChangeSet changes = changer_.Next(outline);
    if (changes.empty()) return;
    ++tries_;
    const auto planned = yaml::Operate(outline, changes);
    if (const auto* problem = std::get_if<yaml::Problem>(&planned)) {
      ++refusals_[Reason(problem->message)];
      return;
    }
    const auto& edits = std::get<text::EditSet>(planned);
    const std::string text = edits.Apply(outline.text());
    if (const std::string wrong = Judge(outline, changes, edits, text, first); !wrong.empty()) {
      ++failures_;
      Show(wrong, outline.text(), text);
      return;
    }
    ++edited_;
    Damage(outline, changes, text, first);
  }

  /// What is wrong with the edited text, or nothing.
  static std::string Judge(const Outline& outline, const ChangeSet& changes,
                           const text::EditSet& edits, const std::string& text, bool first) {
    const yaml::ScanResult scan = yaml::Scan(text, first);
    if (scan.problem) return "not accepted: " + scan.problem->message;
    if (const auto mismatch = yaml::Verify(outline, changes, scan.outline)) return mismatch->what;
    const auto ours = oracle::ByOutline(text);
    if (!ours || ours != oracle::ByLibyaml(text)) return "libyaml reads another tree";
    for (const text::Piece& piece : edits.Kept(outline.text().size())) {
      if (outline.text().substr(piece.from, piece.size) != text.substr(piece.to, piece.size)) {
        return "bytes outside the edits changed";
      }
    }
    return "";
  }

  /// Damages a good edit: the proof must see whatever a reader sees.
  void Damage(const Outline& outline, const ChangeSet& changes, const std::string& text,
              bool first) {
    std::string damaged = text;
    random_.Change(damaged);
    const yaml::ScanResult scan = yaml::Scan(damaged, first);
    if (scan.problem || scan.outline.empty() || yaml::Split(damaged).size() > 1) return;
    if (yaml::Verify(outline, changes, scan.outline)) return;
    const auto good = oracle::ByLibyaml(text);
    const auto bad = oracle::ByLibyaml(damaged);
    if (good && bad && oracle::WithoutStyles(*good) == oracle::WithoutStyles(*bad)) return;
    ++fooled_;
    Show("the proof passes a damaged text", text, damaged);
  }

  /// A refusal's message without the names in it.
  static std::string Reason(const std::string& message) {
    const std::size_t quote = message.find('`');
    const std::size_t tag = message.find("the tag ");
    if (tag != std::string::npos) return message.substr(0, tag + 7);
    return quote == std::string::npos ? message : message.substr(0, quote) + "...";
  }

  void Show(const std::string& what, std::string_view before, std::string_view after) {
    if (show_-- <= 0) return;
    std::cout << "==== " << what << "\n"
              << changer_.story() << "---- before\n"
              << before << "\n---- after\n"
              << after << "\n";
  }

  fuzz::Mutator& random_;
  Changer changer_;
  int show_;
  std::uint64_t tries_ = 0;
  std::uint64_t edited_ = 0;
  std::uint64_t failures_ = 0;
  std::uint64_t fooled_ = 0;
  std::map<std::string, std::uint64_t> refusals_;
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Fuzzing of surgery and of its proof");
  std::uint64_t tries = 100'000;
  std::uint64_t seed = 1;
  int show = 5;
  std::vector<std::string> files;
  app.add_option("--tries", tries, "How many documents to change");
  app.add_option("--seed", seed, "Seed of the random numbers");
  app.add_option("--show", show, "How many findings to print");
  app.add_option("seeds", files, "Seed files")->required();
  CLI11_PARSE(app, argc, argv);

  fuzz::Mutator random(fuzz::ReadFiles(files), seed);
  Fuzzer fuzzer(random, show);
  while (fuzzer.tries() < tries) fuzzer.Try();
  std::uint64_t refused = 0;
  for (const auto& [reason, count] : fuzzer.refusals()) {
    std::cout << "  refused " << count << ": " << reason << "\n";
    refused += count;
  }
  std::cout << fuzzer.tries() << " tries, " << fuzzer.edited() << " edited, " << refused
            << " refused (" << 100 * refused / fuzzer.tries() << " %), " << fuzzer.failures()
            << " failures, " << fuzzer.fooled() << " proofs fooled, seed " << seed << std::endl;
  return fuzzer.failures() == 0 && fuzzer.fooled() == 0 ? 0 : 1;
}
