#include "app/leaks.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/parallel.hpp"

namespace cloudlab::app {
namespace {

using policy::secrets::LeakSearch;

constexpr std::string_view kProof = "no secret that was replaced leaves the program";

/// Messages about single places; who has more than that has one cause for all of them.
constexpr std::size_t kMostPlaces = 100;

/// A value that still stands somewhere: in bytes of the input, or in what the run has written.
struct Found {
  std::optional<text::Span> place;  ///< In the input.
  std::string object;               ///< The new object that it stands in, or empty.
  std::string_view form;
};

text::Span SpanOf(std::size_t begin, std::size_t end) {
  return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
}

Found FoundAt(const Output& output, const LeakSearch::Leak& leak) {
  const auto object = std::ranges::upper_bound(output.objects, leak.span.begin, {}, &Placed::to);
  const auto copied = std::ranges::upper_bound(output.copied, leak.span.begin, {}, &Copied::to);
  Found found{std::nullopt, "", leak.form};
  const std::size_t object_at = object == output.objects.begin() ? 0 : std::prev(object)->to;
  if (copied != output.copied.begin() && std::prev(copied)->to >= object_at) {
    const Copied& run = *std::prev(copied);
    const std::size_t into = leak.span.begin - run.to;
    // What an edit has written stands behind the bytes that it left alone.
    const std::size_t begin = run.from + std::min(into, run.size - 1);
    const std::size_t size = into < run.size ? leak.span.size() : 1;
    found.place = SpanOf(begin, std::min(begin + size, run.from + run.size));
  } else if (object != output.objects.begin()) {
    found.object = std::prev(object)->object->id.Display();
  }
  return found;
}

/// Values that only a reader of the document gets to see, each with the scalar as its place.
void SearchScalars(const Document& document, const LeakSearch& removed, std::vector<Found>& found) {
  if (document.problem() || document.is_policy || document.removed) return;
  const yaml::Outline& outline = document.current();
  for (yaml::NodeId id = 0; id < outline.nodes().size(); ++id) {
    const yaml::Node& node = outline.node(id);
    if (node.kind != yaml::Kind::kScalar) continue;
    const yaml::NodeView scalar(outline, id);
    const std::string_view raw = scalar.Raw();
    if (raw.find('\n') == std::string_view::npos) continue;
    const auto leak = removed.Find(scalar.Text());
    // What the bytes show has been found there.
    if (!leak || removed.Find(raw)) continue;
    found.push_back({document.PlaceOf(scalar), "", leak->form});
  }
}

/// True if a text of ours holds a block scalar, which is all that it writes on several lines.
bool HasLiteral(std::string_view text) {
  constexpr std::string_view kIndicator = " |";
  for (std::size_t at = text.find(kIndicator); at != text.npos;
       at = text.find(kIndicator, at + 1)) {
    const std::string_view behind = text.substr(at + kIndicator.size(), 1);
    if (behind == "\n" || behind == "\r" || behind == "-") return true;
  }
  return false;
}

/// The same in a new object.
void SearchScalars(const Placed& placed, const LeakSearch& removed, std::vector<Found>& found) {
  const std::string& text = *placed.object->text;
  if (!HasLiteral(text)) return;
  const yaml::Outline outline = yaml::Scan(text).outline;
  for (yaml::NodeId id = 0; id < outline.nodes().size(); ++id) {
    if (outline.node(id).style != yaml::Style::kLiteral) continue;
    const auto leak = removed.Find(yaml::NodeView(outline, id).Text());
    if (!leak || removed.Find(text)) continue;
    found.push_back({std::nullopt, placed.object->id.Display(), leak->form});
  }
}

text::Diagnostic MessageOf(const text::Source& input, const Found& found) {
  text::Diagnostic d;
  d.code = "CL-E-LEAK";
  d.message = "a value that was replaced by a reference still stands in the output";
  if (found.form != "as it is") d.message.append(", ").append(found.form);
  d.object = found.object;
  d.hint =
      "take the value out of this place, or let the policy replace it here, too (without an "
      "exception, if there is one); if it is no secret, name what was replaced under "
      "detect.allow";
  if (found.place) d.place = {&input, *found.place};
  return d;
}

void Tell(const text::Source& input, const std::vector<Found>& all, Report& report) {
  for (std::size_t i = 0; i < std::min(all.size(), kMostPlaces); ++i) {
    report.diagnostics.Add(MessageOf(input, all[i]));
  }
  if (all.size() <= kMostPlaces) return;
  text::Diagnostic rest;
  rest.code = "CL-E-LEAK";
  rest.message = "values that were replaced by references still stand in " +
                 std::to_string(all.size() - kMostPlaces) + " more places of the output";
  report.diagnostics.Add(std::move(rest));
}

}  // namespace

void ProveNoLeaks(const text::Source& input, const Documents& documents, const Output& output,
                  const LeakSearch& removed, Report& report) {
  std::vector<Found> all;
  for (const auto& leak : removed.FindAll(output.text)) all.push_back(FoundAt(output, leak));
  const auto more = CollectFromChunks<Found>(
      documents.size() + output.objects.size(), [&](std::size_t i, std::vector<Found>& found) {
        if (i < documents.size()) {
          SearchScalars(documents[i], removed, found);
        } else {
          SearchScalars(output.objects[i - documents.size()], removed, found);
        }
      });
  all.insert(all.end(), more.begin(), more.end());
  Tell(input, all, report);
  report.proofs.push_back({std::string(kProof), all.empty()});
}

}  // namespace cloudlab::app
