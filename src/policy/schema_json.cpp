// The schema as JSON Schema, draft 2020-12, for editors and for checks outside this program. The
// only file of this layer that includes nlohmann/json. Nesting is that of the schema, not of any
// input, hence the recursion.
//
// A few rules have no counterpart there and are checked by validate.cpp alone: the invariants
// between fields of one object, months have their own number of days, a port range does not run
// backwards, and Kubernetes content has no misspelt fields.
#include <nlohmann/json.hpp>
#include <string>

#include "policy/document.hpp"
#include "policy/schema.hpp"

namespace cloudlab::policy {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kPort = "([1-9][0-9]{0,4})";

class Printer {
 public:
  Json Print(const KindSchema& schema) {
    Json json;
    json["$schema"] = "https://json-schema.org/draft/2020-12/schema";
    json["$id"] = "https://" + std::string(kGroup) + "/schemas/v1alpha1/" + schema.kind + ".json";
    json["title"] = schema.kind;
    json.update(ObjectBody(*schema.document));
    if (!definitions_.empty()) json["$defs"] = definitions_;
    return json;
  }

 private:
  static Json Text(const std::string& pattern) {
    return {{"type", "string"}, {"pattern", pattern}};
  }

  static Json TextForm(Form form) {
    switch (form) {
      case Form::kName:
        return Text("^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$");
      case Form::kGlob:
        return Text(R"(^([^\[]|\[(!.|[^!])[^\]]*\])*$)");
      case Form::kKindName:
        return Text("^([^/]+(/[^/]+)*/)?[A-Z][A-Za-z0-9]*$");
      case Form::kVersion:
        return Text("^v?[0-9]+\\.[0-9]+");
      case Form::kDate: {
        Json json = Text("^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$");
        json["format"] = "date";
        return json;
      }
      case Form::kDuration:
        return Text("^([0-9]+(ns|us|ms|s|m|h))+$");
      default:
        return {{"type", "string"}};
    }
  }

  Json TypeBody(const Type& type) {
    switch (type.form) {
      case Form::kAny:
        return Json::object();
      case Form::kInt: {
        Json json = {{"type", "integer"}};
        if (type.minimum != INT64_MIN) json["minimum"] = type.minimum;
        if (type.maximum != INT64_MAX) json["maximum"] = type.maximum;
        return json;
      }
      case Form::kBool:
        return {{"type", "boolean"}};
      case Form::kEnum:
        return {{"enum", type.values}};
      case Form::kQuantity:
        return {{"type", {"string", "number"}},
                {"minimum", 0},
                {"pattern",
                 "^\\+?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([numkMGTPE]|[KMGTPE]i|[eE][-+]?[0-9]+)?$"}};
      case Form::kIntOrPercent:
        return {
            {"type", {"string", "integer"}}, {"minimum", 1}, {"pattern", "^([1-9][0-9]?|100)%$"}};
      case Form::kPorts:
        return {{"type", {"string", "integer"}},
                {"minimum", 1},
                {"maximum", 65535},
                {"pattern", "^" + std::string(kPort) + "(-" + std::string(kPort) + ")?$"}};
      case Form::kList: {
        Json json = {{"type", "array"}, {"items", TypeJson(*type.of)}};
        if (type.minimum > 0) json["minItems"] = type.minimum;
        return json;
      }
      case Form::kPolicy:
        return {{"oneOf",
                 {TextForm(Form::kName),
                  {{"type", "object"}, {"required", {"apiVersion", "kind", "metadata", "spec"}}}}}};
      case Form::kMap:
        return MapBody(type);
      case Form::kObject:
        return ObjectJson(*type.objects.front());
      case Form::kOneOf: {
        Json json = {{"oneOf", Json::array()}};
        for (const ObjectPtr& object : type.objects) json["oneOf"].push_back(ObjectJson(*object));
        return json;
      }
      default: {
        Json json = TextForm(type.form);
        if (type.minimum > 0) json["minLength"] = type.minimum;
        return json;
      }
    }
  }

  Json TypeJson(const Type& type) {
    Json json = TypeBody(type);
    if (type.nullable) json["type"] = {json["type"], "null"};
    return json;
  }

  Json MapBody(const Type& type) {
    Json json = {{"type", "object"}};
    if (type.keys.empty()) {
      json["additionalProperties"] = TypeJson(*type.of);
      return json;
    }
    std::string pattern;
    for (const std::string& key : type.keys) {
      if (!pattern.empty()) pattern += '|';
      for (const char c : key) {
        pattern += c == '*' ? ".+" : c == '.' ? "\\." : std::string(1, c);
      }
    }
    json["patternProperties"]["^(" + pattern + ")$"] = TypeJson(*type.of);
    json["additionalProperties"] = false;
    return json;
  }

  /// An object where it is used: a reference if it is shared.
  Json ObjectJson(const Object& object) {
    if (object.name.empty()) return ObjectBody(object);
    if (!definitions_.contains(object.name)) definitions_[object.name] = ObjectBody(object);
    return {{"$ref", "#/$defs/" + object.name}};
  }

  Json ObjectBody(const Object& object) {
    Json json = {{"description", object.description}, {"type", "object"}};
    Json required = Json::array();
    for (const Field& field : object.fields) {
      Json property = TypeJson(field.type);
      property["description"] = field.description;
      AddDefault(field, property);
      json["properties"][field.name] = std::move(property);
      if (field.required) required.push_back(field.name);
    }
    if (!required.empty()) json["required"] = std::move(required);
    if (!object.open) json["additionalProperties"] = false;
    return json;
  }

  static void AddDefault(const Field& field, Json& property) {
    const std::string& text = field.default_value;
    if (text.empty()) return;
    if (field.type.form == Form::kBool) {
      property["default"] = text == "true";
    } else if (field.type.form == Form::kInt) {
      property["default"] = std::stoll(text);
    } else if (field.type.form == Form::kObject || field.type.form == Form::kMap) {
      property["default"] = Json::object();
    } else {
      property["default"] = text;
    }
  }

  Json definitions_;
};

}  // namespace

std::string PrintSchema(std::string_view kind) {
  const KindSchema* schema = FindSchema(kind);
  return schema == nullptr ? std::string() : Printer().Print(*schema).dump(2) + "\n";
}

}  // namespace cloudlab::policy
