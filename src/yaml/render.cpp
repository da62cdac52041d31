// Recursion here follows policy content, never the stream; Value::From bounds its depth.
#include "yaml/render.hpp"

#include "yaml/scalar.hpp"

namespace cloudlab::yaml {
namespace {

std::string Key(const std::string& key, bool json) {
  return json ? DoubleQuoted(key) : EncodeInline(key);
}

std::string Scalar(const Value& value, bool json) {
  if (value.kind() == Value::Kind::kLiteral) return value.text();
  return json ? DoubleQuoted(value.text()) : EncodeInline(value.text());
}

/// True if a literal block scalar shows `text` exactly and no reader stumbles over it.
bool IsLiteralSafe(std::string_view text) {
  if (text.find('\n') == std::string_view::npos || text.ends_with("\n\n")) return false;
  if (text.front() == ' ' || text.front() == '\n') return false;
  char previous = '\0';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x7F || (byte < 0x20 && c != '\n')) return false;
    if (c == '\n' && previous == ' ') return false;
    previous = c;
  }
  return previous != ' ';
}

void RenderLiteral(std::string_view text, std::uint32_t indent, const Layout& layout,
                   std::string& out) {
  out.append(text.ends_with('\n') ? " |" : " |-").append(layout.newline);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (end > at) out.append(indent, ' ').append(text.substr(at, end - at));
    out.append(layout.newline);
    at = end + 1;
  }
}

}  // namespace

std::string RenderFlow(const Value& value, bool json) {
  if (value.IsScalar()) return Scalar(value, json);
  std::string out(1, value.IsMap() ? '{' : '[');
  bool first = true;
  const auto separate = [&] {
    if (!first) out += ", ";
    first = false;
  };
  for (const auto& [key, child] : value.entries()) {
    separate();
    out += Key(key, json) + ": " + RenderFlow(child, json);
  }
  for (const Value& item : value.items()) {
    separate();
    out += RenderFlow(item, json);
  }
  out.push_back(value.IsMap() ? '}' : ']');
  return out;
}

void RenderBlockValue(const Value& value, std::uint32_t indent, const Layout& layout,
                      std::string& out) {
  if (layout.literals && value.kind() == Value::Kind::kString && IsLiteralSafe(value.text())) {
    RenderLiteral(value.text(), indent + layout.step, layout, out);
  } else if (value.IsScalar() || value.IsEmptyCollection()) {
    out.append(" ").append(RenderFlow(value, false)).append(layout.newline);
  } else if (value.IsMap()) {
    out.append(layout.newline);
    RenderBlockEntries(value, indent + layout.step, layout, out);
  } else {
    out.append(layout.newline);
    const std::uint32_t dashes = indent + (layout.indent_sequences ? layout.step : 0);
    for (const Value& item : value.items()) RenderBlockItem(item, dashes, layout, out);
  }
}

void RenderBlockEntries(const Value& value, std::uint32_t indent, const Layout& layout,
                        std::string& out) {
  for (const auto& [key, child] : value.entries()) {
    out.append(indent, ' ').append(Key(key, false)).append(":");
    RenderBlockValue(child, indent, layout, out);
  }
}

void RenderBlockItem(const Value& item, std::uint32_t indent, const Layout& layout,
                     std::string& out) {
  if (item.IsScalar() || item.IsEmptyCollection()) {
    out.append(indent, ' ').append("-");
    RenderBlockValue(item, indent, layout, out);
    return;
  }
  // A compact collection: its first line stands behind the dash.
  std::string below;
  if (item.IsMap()) {
    RenderBlockEntries(item, indent + 2, layout, below);
  } else {
    for (const Value& nested : item.items()) RenderBlockItem(nested, indent + 2, layout, below);
  }
  below[indent] = '-';
  out += below;
}

std::string RenderDocument(const Value& value, std::string_view newline) {
  std::string out;
  Layout layout;
  layout.newline = newline;
  RenderBlockEntries(value, 0, layout, out);
  return out;
}

}  // namespace cloudlab::yaml
