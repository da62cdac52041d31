#include "oracle/canonical.hpp"

#include <yaml.h>

#include <cstring>

#include "yaml/outline.hpp"
#include "yaml/scalar.hpp"
#include "yaml/stream.hpp"

namespace cloudlab::oracle {
namespace {

void AddScalar(char style, std::string_view text, std::string& out) {
  out.push_back(style);
  out += std::to_string(text.size());
  out.push_back(':');
  out.append(text);
}

void AddProperty(std::string_view anchor, std::string_view tag, std::string& out) {
  if (!anchor.empty()) out.append("&").append(anchor).append(" ");
  constexpr std::string_view kLong = "tag:yaml.org,2002:";
  if (tag.starts_with(kLong)) {
    out.append("!!").append(tag.substr(kLong.size())).append(" ");
  } else if (!tag.empty()) {
    out.append(tag).append(" ");
  }
}

char StyleLetter(yaml::Style style) {
  switch (style) {
    case yaml::Style::kSingle:
      return 's';
    case yaml::Style::kDouble:
      return 'd';
    case yaml::Style::kLiteral:
      return 'l';
    case yaml::Style::kFolded:
      return 'f';
    default:
      return 'p';
  }
}

void AddKey(const yaml::Outline& outline, const yaml::Node& node, std::string& out) {
  if (node.parent == yaml::kNoNode || outline.node(node.parent).kind != yaml::Kind::kMap) return;
  const auto raw = node.key.In(outline.text());
  AddScalar(StyleLetter(node.key_style), yaml::DecodeFlowScalar(raw, node.key_style), out);
}

char Bracket(const yaml::Node& node, bool open) {
  const bool flow = node.style == yaml::Style::kFlow;
  if (node.kind == yaml::Kind::kMap) return flow ? (open ? '(' : ')') : (open ? '{' : '}');
  return flow ? (open ? '<' : '>') : (open ? '[' : ']');
}

/// Prints a document; nodes stand in text order, so closing brackets follow from the parents.
void AddDocument(const yaml::Outline& outline, std::string& out) {
  std::string pending;  // Open collections, innermost last: their ids.
  std::vector<yaml::NodeId> open;
  for (yaml::NodeId id = 0; id < outline.nodes().size(); ++id) {
    const yaml::Node& node = outline.node(id);
    while (!open.empty() && open.back() != node.parent) {
      out.push_back(Bracket(outline.node(open.back()), false));
      open.pop_back();
    }
    AddKey(outline, node, out);
    if (const yaml::Property* p = outline.FindProperty(id)) {
      AddProperty(p->anchor.In(outline.text()), p->tag.In(outline.text()), out);
    }
    if (node.kind == yaml::Kind::kAlias) {
      out.append("*").append(node.value.In(outline.text()).substr(1)).append(" ");
    } else if (node.kind == yaml::Kind::kScalar) {
      AddScalar(StyleLetter(node.style), yaml::DecodeScalar(outline, id), out);
    } else {
      out.push_back(Bracket(node, true));
      open.push_back(id);
    }
  }
  for (; !open.empty(); open.pop_back()) out.push_back(Bracket(outline.node(open.back()), false));
}

std::string_view View(const yaml_char_t* text) {
  return text == nullptr ? "" : reinterpret_cast<const char*>(text);
}

char StyleLetter(yaml_scalar_style_t style) {
  switch (style) {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE:
      return 's';
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
      return 'd';
    case YAML_LITERAL_SCALAR_STYLE:
      return 'l';
    case YAML_FOLDED_SCALAR_STYLE:
      return 'f';
    default:
      return 'p';
  }
}

void AddEvent(const yaml_event_t& event, std::string& open, std::string& out) {
  switch (event.type) {
    case YAML_DOCUMENT_START_EVENT:
      out.push_back('\n');
      break;
    case YAML_ALIAS_EVENT:
      out.append("*").append(View(event.data.alias.anchor)).append(" ");
      break;
    case YAML_SCALAR_EVENT: {
      const auto& scalar = event.data.scalar;
      AddProperty(View(scalar.anchor), View(scalar.tag), out);
      AddScalar(StyleLetter(scalar.style),
                {reinterpret_cast<const char*>(scalar.value), scalar.length}, out);
      break;
    }
    case YAML_SEQUENCE_START_EVENT: {
      const auto& seq = event.data.sequence_start;
      AddProperty(View(seq.anchor), View(seq.tag), out);
      const bool flow = seq.style == YAML_FLOW_SEQUENCE_STYLE;
      out.push_back(flow ? '<' : '[');
      open.push_back(flow ? '>' : ']');
      break;
    }
    case YAML_MAPPING_START_EVENT: {
      const auto& map = event.data.mapping_start;
      AddProperty(View(map.anchor), View(map.tag), out);
      const bool flow = map.style == YAML_FLOW_MAPPING_STYLE;
      out.push_back(flow ? '(' : '{');
      open.push_back(flow ? ')' : '}');
      break;
    }
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
      out.push_back(open.back());
      open.pop_back();
      break;
    default:
      break;
  }
}

}  // namespace

std::optional<std::string> ByOutline(std::string_view stream) {
  std::string out;
  for (const yaml::Slice& slice : yaml::Split(stream)) {
    const yaml::ScanResult result = yaml::Scan(slice.text, slice.offset == 0);
    if (result.problem) return std::nullopt;
    std::string_view text = slice.text;
    if (slice.offset == 0 && text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    if (!result.outline.empty()) {
      out.push_back('\n');
      AddDocument(result.outline, out);
    } else if (text.starts_with("---") ||
               (slice.offset == 0 && text.find("\n---") != std::string_view::npos)) {
      out.append("\n");
      AddScalar('p', "", out);
    }
  }
  return out;
}

std::optional<std::string> ByLibyaml(std::string_view stream) {
  yaml_parser_t parser;
  yaml_parser_initialize(&parser);
  yaml_parser_set_input_string(&parser, reinterpret_cast<const unsigned char*>(stream.data()),
                               stream.size());
  std::string out;
  std::string open;
  bool accepted = true;
  for (bool done = false; !done && accepted;) {
    yaml_event_t event;
    accepted = yaml_parser_parse(&parser, &event) != 0;
    if (!accepted) break;
    AddEvent(event, open, out);
    done = event.type == YAML_STREAM_END_EVENT;
    yaml_event_delete(&event);
  }
  yaml_parser_delete(&parser);
  if (!accepted) return std::nullopt;
  return out;
}

std::string WithoutStyles(std::string_view canonical) {
  constexpr std::string_view kStyled = "sdlf()<>";
  constexpr std::string_view kNeutral = "pppp{}[]";
  std::string out;
  for (std::size_t at = 0; at < canonical.size(); ++at) {
    const char c = canonical[at];
    if (c == '&' || c == '!' || c == '*') {  // A name, up to its blank.
      const std::size_t end = canonical.find(' ', at);
      out.append(canonical.substr(at, end - at + 1));
      at = end;
      continue;
    }
    const std::size_t styled = kStyled.find(c);
    out.push_back(styled == std::string_view::npos ? c : kNeutral[styled]);
    if (out.back() != 'p') continue;
    std::size_t colon = canonical.find(':', at);
    const std::size_t length = std::stoul(std::string(canonical.substr(at + 1, colon - at - 1)));
    out.append(canonical.substr(at + 1, colon - at + length));
    at = colon + length;
  }
  return out;
}

std::uint64_t Hash(std::string_view canonical) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : canonical) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211ULL;
  }
  return hash;
}

}  // namespace cloudlab::oracle
