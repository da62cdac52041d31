// In a document that can be read, secrets are found in its outline, whatever its style. In one that
// cannot, and in text inside scalars and comments, a line is searched for what looks like `key:
// value`.
#include "app/masked_text.hpp"

#include <algorithm>

#include "policy/mask.hpp"
#include "text/line_index.hpp"
#include "yaml/outline.hpp"
#include "yaml/view.hpp"

namespace cloudlab::app {
namespace {

using yaml::NodeView;

std::size_t OffsetIn(std::string_view buffer, std::string_view part) {
  return static_cast<std::size_t>(part.data() - buffer.data());
}

text::Span SpanOf(std::size_t begin, std::size_t end) {
  return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
}

bool IsSecret(std::string_view name, std::string_view value) {
  return policy::SecretScore(name, value) >= policy::kSecretScore;
}

/// What a scalar is called: its key, for an item its list's, for the value of a variable the
/// variable's name.
std::string NameOf(NodeView scalar) {
  NodeView named = scalar;
  while (named.parent().IsSeq()) named = named.parent();
  std::string name = named.Key();
  if (name == "value") {
    const NodeView variable = named.parent().Find("name");
    if (variable.IsScalar()) name = variable.Text();
  }
  return name;
}

bool IsSecret(NodeView scalar) { return IsSecret(NameOf(scalar), scalar.Text()); }

/// A file in a literal block: its lines are judged one by one. What is called a secret is none,
/// however many lines it has.
bool IsFile(NodeView scalar) {
  return scalar.node().style == yaml::Style::kLiteral &&
         scalar.Text().find('\n') != std::string::npos && !IsSecret(NameOf(scalar), "any value");
}

/// The data of every Secret of a document, which nobody may see whatever it is called.
std::vector<text::Span> SecretData(NodeView root) {
  std::vector<text::Span> spans;
  const auto add = [&spans](NodeView object) {
    if (!object.IsMap() || !object.Find("kind").TextIs("Secret")) return;
    for (const NodeView entry : object.children()) {
      if (entry.KeyIs("data") || entry.KeyIs("stringData")) spans.push_back(entry.node().value);
    }
  };
  add(root);
  const NodeView items = root.Find("items");
  if (items.IsSeq()) std::ranges::for_each(items.children(), add);
  return spans;
}

/// False for objects that speak of nothing but secrets and hold none.
bool HasTellingNames(const yaml::Outline& outline) {
  return outline.empty() || !NodeView::Root(outline).Find("kind").TextIs("ExternalSecret");
}

/// Secrets of a readable document, as spans of the buffer in which it begins at `offset`.
std::vector<text::Span> SecretsOf(const yaml::Outline& outline, std::size_t offset) {
  std::vector<text::Span> secrets;
  if (outline.empty()) return secrets;
  const std::vector<text::Span> data = SecretData(NodeView::Root(outline));
  const bool has_telling_names = HasTellingNames(outline);
  for (yaml::NodeId id = 0; id < outline.nodes().size(); ++id) {
    const yaml::Node& node = outline.node(id);
    if (node.kind != yaml::Kind::kScalar || node.value.empty()) continue;
    const bool in_data = std::ranges::any_of(data, [&node](text::Span span) {
      return span.begin <= node.value.begin && node.value.end <= span.end;
    });
    const NodeView scalar(outline, id);
    if (!in_data && IsFile(scalar)) {
      const auto found = policy::secrets::FindInFile(scalar.Key(), scalar.Text());
      for (const text::Span span : PlacesIn(scalar, found)) {
        secrets.push_back(SpanOf(offset + span.begin, offset + span.end));
      }
      continue;
    }
    if (!in_data && !(has_telling_names ? IsSecret(scalar) : IsSecret({}, scalar.Text()))) continue;
    secrets.push_back(SpanOf(offset + node.value.begin, offset + node.value.end));
  }
  return secrets;
}

/// Something like `key: value` in a line of any text.
struct Entry {
  std::string_view key;
  std::string_view value;
};

std::string_view Trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\"'-{[,#");
  if (begin == std::string_view::npos) return {};
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(" \t\"',}]\r\n") + 1);
}

/// A colon behind which a value may stand: before a blank, or behind a quoted key.
std::size_t FindColon(std::string_view line) {
  for (std::size_t at = line.find(':'); at != std::string_view::npos; at = line.find(':', at + 1)) {
    const bool before_blank = at + 1 < line.size() && line[at + 1] == ' ';
    if (before_blank || (at > 0 && line[at - 1] == '"')) return at;
  }
  return std::string_view::npos;
}

/// Where a value between braces ends: at a comma or bracket outside its quotes.
std::size_t FlowValueEnd(std::string_view rest) {
  const std::size_t open = std::min(rest.find_first_not_of(' '), rest.size());
  const bool quoted = rest.substr(open).starts_with('"') || rest.substr(open).starts_with('\'');
  const std::size_t from = quoted ? std::min(rest.find(rest[open], open + 1), rest.size()) : 0;
  return std::min(rest.find_first_of(",{}[]", from), rest.size());
}

/// The entries of a line; behind a brace, those between commas.
std::vector<Entry> EntriesOf(std::string_view line) {
  std::vector<Entry> entries;
  const bool flow = line.find('{') != std::string_view::npos;
  while (true) {
    const std::size_t colon = FindColon(line);
    if (colon == std::string_view::npos) return entries;
    std::string_view key = line.substr(0, colon);
    key.remove_prefix(key.find_last_of("{[,") + 1);  // npos + 1 is 0.
    const std::string_view rest = line.substr(colon + 1);
    const std::size_t end = flow ? FlowValueEnd(rest) : rest.size();
    entries.push_back({Trimmed(key), Trimmed(rest.substr(0, end))});
    line = rest.substr(end);
  }
}

/// The name of the variable whose `value:` is on the line: of a `name:` on it or next to it.
std::string_view VariableName(std::string_view buffer, std::size_t begin) {
  const auto name_in = [](std::string_view line) {
    for (const Entry& entry : EntriesOf(line)) {
      if (entry.key == "name") return entry.value;
    }
    return std::string_view{};
  };
  std::string_view name = name_in(text::LineAt(buffer, begin));
  if (name.empty() && begin > 0) name = name_in(text::LineAt(buffer, begin - 1));
  const std::size_t next = buffer.find('\n', begin);
  if (name.empty() && next != std::string_view::npos)
    name = name_in(text::LineAt(buffer, next + 1));
  return name;
}

std::vector<text::Span> SecretsOfLine(std::string_view buffer, std::string_view line) {
  std::vector<text::Span> secrets;
  for (const Entry& entry : EntriesOf(line)) {
    const bool variable = entry.key == "value";
    const std::string_view name =
        variable ? VariableName(buffer, OffsetIn(buffer, line)) : entry.key;
    if (!IsSecret(name, entry.value)) continue;
    const std::size_t begin = OffsetIn(buffer, entry.value);
    secrets.push_back(SpanOf(begin, begin + entry.value.size()));
  }
  return secrets;
}

/// The nearest line above that is less indented: for a line of a longer value, the one with its
/// key.
std::string_view LineOfKey(std::string_view buffer, std::string_view line) {
  const std::size_t indent = line.find_first_not_of(' ');
  std::size_t at = OffsetIn(buffer, line);
  while (indent != std::string_view::npos && at > 0) {
    const std::string_view above = text::LineAt(buffer, at - 1);
    if (above.find_first_not_of(' ') < indent) return above;
    at = OffsetIn(buffer, above);
  }
  return {};
}

/// True for a line inside a value whose key, on a line above, names a secret.
bool IsInsideSecret(std::string_view buffer, std::string_view line) {
  const std::string_view above = LineOfKey(buffer, line);
  const std::vector<Entry> entries = EntriesOf(above);
  std::string_view name = entries.empty() ? Trimmed(above) : entries.back().key;
  if (entries.empty() && !name.ends_with(':')) return false;
  if (entries.empty()) name.remove_suffix(1);
  if (name == "value") name = VariableName(buffer, OffsetIn(buffer, above));
  return IsSecret(name, "any value");
}

}  // namespace

std::vector<text::Span> PlacesIn(NodeView scalar, std::span<const policy::secrets::Found> found) {
  const text::Span whole = scalar.node().value;
  const bool literal = scalar.node().style == yaml::Style::kLiteral;
  if (found.empty()) return {};
  if (!literal || found.front().whole) return {whole};
  const std::string_view text = scalar.outline().text();
  const std::string content = scalar.Text();
  const auto next_line = [&](std::size_t at) {
    return std::min(text.find('\n', at), text.size() - 1) + 1;
  };
  std::vector<text::Span> places;
  std::size_t read = 0;                       // Of the content, at the beginning of a line.
  std::size_t line = next_line(whole.begin);  // The same line in the text, behind the header.
  for (const auto& secret : found) {
    for (std::size_t end; (end = content.find('\n', read)) < secret.span.begin; read = end + 1) {
      line = next_line(line);
    }
    std::size_t last = line;
    for (std::size_t at = read; at < secret.span.end;
         at = std::min(content.find('\n', at), content.size() - 1) + 1) {
      last = next_line(last);
    }
    const std::size_t begin = std::min(text.find_first_not_of(' ', line), last);
    places.push_back(SpanOf(begin, std::min<std::size_t>(last, whole.end)));
  }
  return places;
}

MaskedText::MaskedText(std::string_view buffer, const Guard& guard)
    : buffer_(buffer), hidden_(guard.Hidden(buffer)) {}

const MaskedText::Section& MaskedText::SectionAt(std::size_t offset) {
  if (slices_.empty()) slices_ = yaml::Split(buffer_);
  auto slice = std::ranges::upper_bound(slices_, offset, {}, &yaml::Slice::offset);
  if (slice != slices_.begin()) --slice;
  const std::size_t begin = slice == slices_.end() ? 0 : slice->offset;
  const auto [found, is_new] = sections_.try_emplace(begin);
  if (is_new && slice != slices_.end()) {
    const yaml::ScanResult scan = yaml::Scan(slice->text, begin == 0);
    found->second.readable = !scan.problem;
    if (!scan.problem) {
      found->second.has_telling_names = HasTellingNames(scan.outline);
      found->second.secrets = SecretsOf(scan.outline, begin);
    }
  }
  return found->second;
}

MaskedLine MaskedText::Line(std::size_t offset) {
  const std::string_view line = text::LineAt(buffer_, offset);
  const std::size_t begin = OffsetIn(buffer_, line);
  const std::size_t end = begin + line.size();
  const Section& section = SectionAt(begin);
  auto secret = std::ranges::upper_bound(section.secrets, begin, {}, &text::Span::end);
  std::vector<text::Span> secrets;
  for (; secret != section.secrets.end() && secret->begin < end; ++secret)
    secrets.push_back(*secret);
  if (secrets.empty() && section.has_telling_names) secrets = SecretsOfLine(buffer_, line);
  if (secrets.empty() && !section.readable && IsInsideSecret(buffer_, line)) {
    secrets.push_back(SpanOf(begin + line.find_first_not_of(' '), end));
  }
  for (auto hidden = std::ranges::upper_bound(hidden_, begin, {}, &text::Span::end);
       hidden != hidden_.end() && hidden->begin < end; ++hidden) {
    secrets.push_back(*hidden);
  }
  std::ranges::sort(secrets, {}, &text::Span::begin);

  MaskedLine shown;
  shown.column = offset - begin;
  std::size_t at = begin;
  for (const text::Span span : secrets) {
    std::size_t from = std::max<std::size_t>(span.begin, at);
    if (span.begin < begin)
      from = std::max(from, std::min(end, buffer_.find_first_not_of(" \t", begin)));
    const std::size_t to = std::min<std::size_t>(span.end, end);
    if (from >= to) continue;
    shown.text.append(buffer_.substr(at, from - at)).append(policy::kMask);
    if (offset >= to) shown.column += from + policy::kMask.size() - to;
    if (offset > from && offset < to) shown.column = shown.text.size() - policy::kMask.size();
    at = to;
  }
  shown.text.append(buffer_.substr(at, end - at));
  return shown;
}

std::string MaskedTrees(std::string_view text) {
  MaskedText masked(text);
  std::string out;
  std::size_t data_indent = std::string_view::npos;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view line = text::LineAt(text, at);
    const std::size_t indent = line.find_first_not_of(' ');
    const bool in_data = data_indent != std::string_view::npos && indent > data_indent;
    const std::size_t colon = line.find(':');
    // Of a scalar that was cut nobody can tell whether it is the beginning of a secret.
    const bool is_cut = line.ends_with("...");
    if ((in_data || is_cut) && indent != std::string_view::npos) {
      out.append(line.substr(0, colon == std::string_view::npos ? indent : colon + 1));
      out.append(policy::kMask);
    } else {
      out += masked.Line(at).text;
    }
    if (!in_data && indent != std::string_view::npos) {
      const std::string_view key = Trimmed(line.substr(0, colon));
      data_indent = key == "data" || key == "stringData" ? indent : std::string_view::npos;
    }
    out += '\n';
    at = std::min(text.find('\n', at), text.size() - 1) + 1;
  }
  return out;
}

}  // namespace cloudlab::app
