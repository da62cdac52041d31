// A work list of (type, node) pairs instead of recursion; the schema is finite, but a list of lists
// in a document need not be. Aliases and merge keys are followed; the flaw is then shown where the
// anchor stands. Kubernetes content (Form::kAny, other fields of open objects) is not looked into.
#include "policy/validate.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>
#include <utility>

#include "kube/budget.hpp"
#include "kube/quantity.hpp"
#include "kube/version.hpp"
#include "policy/glob.hpp"
#include "policy/mask.hpp"
#include "policy/suggest.hpp"
#include "yaml/value.hpp"

namespace cloudlab::policy {
namespace {

bool IsDigit(char c) { return '0' <= c && c <= '9'; }
bool IsUpper(char c) { return 'A' <= c && c <= 'Z'; }
bool IsAlnum(char c) { return IsDigit(c) || IsUpper(c) || ('a' <= c && c <= 'z'); }

bool IsKindName(std::string_view text) {
  const std::size_t slash = text.rfind('/');
  if (slash == 0) return false;
  const std::string_view kind = slash == std::string_view::npos ? text : text.substr(slash + 1);
  return !kind.empty() && IsUpper(kind.front()) && std::ranges::all_of(kind, IsAlnum);
}

std::optional<int> ReadNumber(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

bool IsPort(std::string_view text) {
  const std::optional<int> port = ReadNumber(text);
  return port && 1 <= *port && *port <= 65535;
}

bool IsIntOrPercent(std::string_view text) {
  const auto amount = kube::IntOrPercent::Parse(text);
  return amount && amount->value > 0;
}

bool IsPorts(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return IsPort(text);
  const std::string_view first = text.substr(0, dash);
  const std::string_view last = text.substr(dash + 1);
  return IsPort(first) && IsPort(last) && ReadNumber(first) <= ReadNumber(last);
}

bool IsVersion(std::string_view text) { return kube::Version::Parse(text).has_value(); }

/// What is wanted of a form whose text has rules.
struct TextRule {
  Form form;
  bool (*holds)(std::string_view);
  std::string_view wanted;
};

constexpr std::array<TextRule, 8> kTextRules = {{
    {Form::kName, IsName, "a name: at most 63 letters, digits, `-`, `_` and `.`"},
    {Form::kGlob, IsGlob, "a glob; every `[` needs its `]`"},
    {Form::kKindName, IsKindName,
     "a kind as Kubernetes spells it: Deployment, argoproj.io/Rollout or Workload"},
    {Form::kVersion, IsVersion, "a Kubernetes version like \"1.34\""},
    {Form::kDate, IsDate, "a date like \"2027-03-31\""},
    {Form::kDuration, IsDuration, "a duration like \"1h30m\" or \"500ms\""},
    {Form::kIntOrPercent, IsIntOrPercent, "a number of pods or a share of them, 1 or \"25%\""},
    {Form::kPorts, IsPorts, "a port or a range of ports, 4317 or \"6222-6230\""},
}};

const TextRule* FindTextRule(Form form) {
  const auto* rule = std::ranges::find(kTextRules, form, &TextRule::form);
  return rule == kTextRules.end() ? nullptr : rule;
}

/// True if readers of YAML take the scalar for a string.
bool IsString(yaml::NodeView node) {
  return node.IsScalar() && (node.node().style != yaml::Style::kPlain ||
                             (!node.IsNull() && !yaml::IsCoreNonString(node.Raw())));
}

bool KeyFits(std::string_view key, std::string_view pattern) {
  if (!pattern.ends_with('*')) return key == pattern;
  pattern.remove_suffix(1);
  return key.size() > pattern.size() && key.starts_with(pattern);
}

const Type kName = [] {
  Type name;
  name.form = Form::kName;
  return name;
}();

class Checker {
 public:
  std::vector<Flaw> Run(const Object& object, yaml::NodeView node, std::string_view path) {
    CheckObject(object, node, std::string(path));
    while (!work_.empty()) {
      const Work work = std::move(work_.back());
      work_.pop_back();
      CheckValue(*work.type, work.node, work.path);
    }
    std::ranges::stable_sort(flaws_, {}, [](const Flaw& flaw) {
      const yaml::Node& at = flaw.node.node();
      return flaw.at_key && !at.key.empty() ? at.key.begin : at.value.begin;
    });
    return std::move(flaws_);
  }

 private:
  struct Work {
    const Type* type;
    yaml::NodeView node;
    std::string path;
  };

  void Report(yaml::NodeView node, bool at_key, std::string code, std::string message,
              std::string hint = {}) {
    flaws_.push_back({node, at_key, std::move(code), std::move(message), std::move(hint)});
  }

  void WrongType(yaml::NodeView node, const std::string& path, std::string_view wanted,
                 std::string hint = {}) {
    const bool nothing = node.IsNull() && node.node().value.empty();
    Report(node, nothing, "CL-P-TYPE",
           path + " is " + std::string(Describe(node)) + ", not " + std::string(wanted),
           std::move(hint));
  }

  void CheckValue(const Type& type, yaml::NodeView node, const std::string& path) {
    node = node.Resolved();
    if (type.nullable && node.IsNull()) return;
    switch (type.form) {
      case Form::kAny:
        return;
      case Form::kList:
        return CheckList(type, node, path);
      case Form::kMap:
        return CheckMap(type, node, path);
      case Form::kObject:
        return CheckObject(*type.objects.front(), node, path);
      case Form::kOneOf:
        return CheckOneOf(type, node, path);
      case Form::kPolicy:
        return node.IsMap() ? void() : CheckText(kName, node, path);
      case Form::kInt:
        return CheckInt(type, node, path);
      case Form::kBool:
        if (!node.IsScalar() || node.node().style != yaml::Style::kPlain ||
            (node.Raw() != "true" && node.Raw() != "false")) {
          WrongType(node, path, "a boolean", "write true or false, without quotes");
        }
        return;
      case Form::kQuantity:
        return CheckQuantity(node, path);
      case Form::kEnum:
        return CheckEnum(type, node, path);
      default:
        return CheckText(type, node, path);
    }
  }

  void CheckText(const Type& type, yaml::NodeView node, const std::string& path) {
    const bool number_too = type.form == Form::kPorts || type.form == Form::kIntOrPercent;
    if (!node.IsScalar() || (!IsString(node) && !(number_too && !node.IsNull()))) {
      const bool quotable = node.IsScalar() && !node.IsNull();
      return WrongType(node, path, "a string",
                       quotable ? "quote it: \"" + MaskNode(node) + "\"" : "");
    }
    const std::string text = node.Text();
    if (type.form == Form::kString) {
      if (type.minimum > 0 && text.empty()) {
        Report(node, false, "CL-P-FORMAT", path + " is empty");
      }
      return;
    }
    const TextRule* rule = FindTextRule(type.form);
    if (rule == nullptr || rule->holds(text)) return;
    Report(node, false, "CL-P-FORMAT",
           path + ": \"" + MaskNode(node) + "\" is not " + std::string(rule->wanted));
  }

  void CheckInt(const Type& type, yaml::NodeView node, const std::string& path) {
    if (!node.IsScalar() || node.node().style != yaml::Style::kPlain || node.IsNull()) {
      return WrongType(node, path, "an integer");
    }
    const std::string_view raw = node.Raw();
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), number);
    if (error == std::errc::invalid_argument || end != raw.data() + raw.size()) {
      return WrongType(node, path, "an integer");
    }
    if (error != std::errc() || number < type.minimum || number > type.maximum) {
      std::string range = "at least " + std::to_string(type.minimum);
      if (type.maximum != INT64_MAX) range += " and at most " + std::to_string(type.maximum);
      Report(node, false, "CL-P-RANGE", path + " is " + std::string(raw) + "; it must be " + range);
    }
  }

  void CheckQuantity(yaml::NodeView node, const std::string& path) {
    if (!node.IsScalar() || node.IsNull()) return WrongType(node, path, "a quantity");
    const std::optional<kube::Quantity> quantity = kube::ReadQuantity(node);
    if (quantity && !quantity->IsNegative()) return;
    Report(node, false, "CL-P-QUANTITY",
           path + ": \"" + MaskNode(node) + "\" is not a quantity of Kubernetes",
           "quantities are like 250m, 1, 512Mi or 2Gi, and not negative");
  }

  void CheckEnum(const Type& type, yaml::NodeView node, const std::string& path) {
    if (!node.IsScalar()) return WrongType(node, path, "one of " + Joined(type.values));
    const std::string text = node.Text();
    if (std::ranges::find(type.values, text) != type.values.end()) return;
    Report(node, false, "CL-P-ENUM", path + ": unknown value \"" + MaskNode(node) + "\"",
           Suggestion(text, type.values));
  }

  void CheckList(const Type& type, yaml::NodeView node, const std::string& path) {
    if (!node.IsSeq()) return WrongType(node, path, "a list");
    std::int64_t size = 0;
    for (const yaml::NodeView item : node.children()) {
      work_.push_back({type.of.get(), item, path + "[" + std::to_string(size) + "]"});
      ++size;
    }
    if (size < type.minimum) {
      Report(node, false, "CL-P-RANGE", path + " is an empty list",
             "name something, or leave the field out");
    }
  }

  void CheckMap(const Type& type, yaml::NodeView node, const std::string& path) {
    if (!node.IsMap()) return WrongType(node, path, "a map");
    for (const auto& [key, entry] : Entries(node, path)) {
      const bool known = type.keys.empty() || std::ranges::any_of(type.keys, [&](const auto& k) {
                           return KeyFits(key, k);
                         });
      if (known) {
        work_.push_back({type.of.get(), entry, path + "." + key});
      } else {
        Report(entry, true, "CL-P-FIELD", "unknown field \"" + key + "\" in " + path,
               Suggestion(key, CompletedKeys(type.keys, key)));
      }
    }
  }

  /// `keys` with their `*` replaced by what `key` has in its place: "requests.*" against
  /// "request.cpu" is "requests.cpu".
  static std::vector<std::string> CompletedKeys(std::vector<std::string> keys,
                                                std::string_view key) {
    const std::size_t dot = key.find('.');
    for (std::string& candidate : keys) {
      if (!candidate.ends_with('*') || dot == std::string_view::npos) continue;
      candidate.pop_back();
      candidate += key.substr(dot + 1);
    }
    return keys;
  }

  void CheckObject(const Object& object, yaml::NodeView node, const std::string& path) {
    if (!node.IsMap()) return WrongType(node, path.empty() ? "the document" : path, "a map");
    std::vector<std::string> names;
    for (const Field& field : object.fields) names.push_back(field.name);
    const std::string where = path.empty() ? "" : " in " + path;
    const std::size_t flaws_before = flaws_.size();
    for (const auto& [key, entry] : Entries(node, path)) {
      if (const Field* field = object.Find(key)) {
        work_.push_back({&field->type, entry, path.empty() ? key : path + "." + key});
        continue;
      }
      // An open object may hold more than we know; only what looks misspelt is a flaw.
      if (object.open && Nearest(key, names).empty()) continue;
      Report(entry, true, "CL-P-FIELD", "unknown field \"" + key + "\"" + where,
             Suggestion(key, names));
    }
    for (const Field& field : object.fields) {
      if (!field.required || node.Find(field.name)) continue;
      Report(node, true, "CL-P-REQUIRED", "field \"" + field.name + "\" is missing" + where,
             field.description);
    }
    if (flaws_.size() == flaws_before) CheckInvariants(object, node, path);
  }

  void CheckInvariants(const Object& object, yaml::NodeView node, const std::string& path) {
    if (object.invariants.empty()) return;
    const yaml::Value value = yaml::Value::From(node);
    for (const Invariant& invariant : object.invariants) {
      if (!invariant.holds(value)) {
        Report(node, true, "CL-P-INVALID", path + ": " + invariant.message);
      }
    }
  }

  void CheckOneOf(const Type& type, yaml::NodeView node, const std::string& path) {
    if (!node.IsMap()) return WrongType(node, path, "a map");
    const std::string& selector = type.objects.front()->fields.front().name;
    std::vector<std::string> known;
    const yaml::NodeView chosen = node.Find(selector);
    for (const ObjectPtr& object : type.objects) {
      known.push_back(object->fields.front().type.values.front());
      if (chosen.TextIs(known.back())) return CheckObject(*object, node, path);
    }
    if (!chosen) {
      return Report(node, true, "CL-P-REQUIRED", "field \"" + selector + "\" is missing in " + path,
                    Suggestion("", known));
    }
    Report(chosen, false, "CL-P-ENUM",
           path + "." + selector + ": unknown value \"" + MaskNode(chosen) + "\"",
           Suggestion(chosen.Text(), known));
  }

  /// The entries of a map with those of maps merged into it; reports a key that stands twice.
  std::vector<std::pair<std::string, yaml::NodeView>> Entries(yaml::NodeView map,
                                                              const std::string& path) {
    std::vector<std::pair<std::string, yaml::NodeView>> entries;
    std::set<std::string> seen;
    std::vector<yaml::NodeView> merged;
    for (const yaml::NodeView entry : map.children()) {
      if (IsMerge(entry)) {
        merged.push_back(entry.Resolved());
        continue;
      }
      std::string key = entry.Key();
      if (!seen.insert(key).second) {
        Report(entry, true, "CL-P-FIELD-TWICE",
               "field \"" + key + "\" stands twice" + (path.empty() ? "" : " in " + path));
        continue;
      }
      entries.emplace_back(std::move(key), entry);
    }
    while (!merged.empty()) {
      const yaml::NodeView from = merged.back();
      merged.pop_back();
      for (const yaml::NodeView entry : from.children()) {
        if (from.IsSeq() || IsMerge(entry)) {
          merged.push_back(entry.Resolved());
        } else if (std::string key = entry.Key(); seen.insert(key).second) {
          entries.emplace_back(std::move(key), entry);
        }
      }
    }
    return entries;
  }

  static bool IsMerge(yaml::NodeView entry) {
    return entry.node().key_style == yaml::Style::kPlain && entry.KeyIs("<<");
  }

  std::vector<Work> work_;
  std::vector<Flaw> flaws_;
};

}  // namespace

std::vector<Flaw> Check(const Object& object, yaml::NodeView node, std::string_view path) {
  return Checker().Run(object, node, path);
}

std::string_view Describe(yaml::NodeView node) {
  node = node.Resolved();
  if (node.IsMap()) return "a map";
  if (node.IsSeq()) return "a list";
  if (node.IsNull()) return node.node().value.empty() ? "empty" : "null";
  if (IsString(node)) return "a string";
  const std::string_view raw = node.Raw();
  if (raw.empty()) return "empty";  // A tag without a value.
  return IsDigit(raw.back()) || IsDigit(raw.front()) || raw.front() == '.' || raw.back() == '.'
             ? "a number"
             : "a boolean";
}

bool IsName(std::string_view text) {
  if (text.empty() || text.size() > 63) return false;
  if (!IsAlnum(text.front()) || !IsAlnum(text.back())) return false;
  return std::ranges::all_of(text,
                             [](char c) { return IsAlnum(c) || c == '-' || c == '_' || c == '.'; });
}

bool IsDate(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const std::optional<int> year = ReadNumber(text.substr(0, 4));
  const std::optional<int> month = ReadNumber(text.substr(5, 2));
  const std::optional<int> day = ReadNumber(text.substr(8, 2));
  if (!year || !month || !day || *month < 1 || *month > 12 || *day < 1) return false;
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (*year % 4 == 0 && *year % 100 != 0) || *year % 400 == 0;
  const int days = *month == 2 && leap ? 29 : kDays[static_cast<std::size_t>(*month - 1)];
  return *day <= days;
}

bool IsDuration(std::string_view text) {
  constexpr std::array<std::string_view, 6> kUnits = {"ns", "us", "ms", "s", "m", "h"};
  if (text.empty()) return false;
  while (!text.empty()) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits == 0) return false;
    text.remove_prefix(digits);
    const std::size_t letters = std::min(text.find_first_of("0123456789"), text.size());
    if (std::ranges::find(kUnits, text.substr(0, letters)) == kUnits.end()) return false;
    text.remove_prefix(letters);
  }
  return true;
}

}  // namespace cloudlab::policy
