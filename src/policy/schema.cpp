// Reading the schema: looking things up, and filling defaults into a spec.
#include "policy/schema.hpp"

namespace cloudlab::policy {
namespace {

/// The default of `field` as a value: a literal where YAML has one for its type, else a string.
yaml::Value DefaultOf(const Field& field) {
  switch (field.type.form) {
    case Form::kObject:
    case Form::kMap:
      return yaml::Value::Map();
    case Form::kList:
      return yaml::Value::Seq();
    case Form::kInt:
    case Form::kBool:
      return yaml::Value::Literal(field.default_value);
    default:
      return yaml::Value::String(field.default_value);
  }
}

/// The object that `value` is, for a type that may be several.
const Object* ChosenObject(const Type& type, const yaml::Value& value) {
  if (type.form == Form::kObject) return type.objects.front().get();
  for (const ObjectPtr& object : type.objects) {
    const Field& selector = object->fields.front();
    const yaml::Value* name = value.Find(selector.name);
    if (name != nullptr && name->text() == selector.type.values.front()) return object.get();
  }
  return nullptr;
}

struct Work {
  const Type* type;
  yaml::Value* value;
};

void FillObject(const Object& object, yaml::Value& value, std::vector<Work>& work) {
  if (!value.IsMap()) return;
  for (const Field& field : object.fields) {
    if (!field.default_value.empty() && value.Find(field.name) == nullptr) {
      value.Put(field.name, DefaultOf(field));
    }
  }
  // Only now, because Put() may move the values.
  for (const Field& field : object.fields) {
    if (yaml::Value* child = value.Find(field.name)) work.push_back({&field.type, child});
  }
}

}  // namespace

const Field* Object::Find(std::string_view field) const {
  for (const Field& candidate : fields) {
    if (candidate.name == field) return &candidate;
  }
  return nullptr;
}

const KindSchema* FindSchema(std::string_view kind) {
  for (const KindSchema& schema : Schemas()) {
    if (schema.kind == kind) return &schema;
  }
  return nullptr;
}

std::vector<std::string> KindNames() {
  std::vector<std::string> names;
  for (const KindSchema& schema : Schemas()) names.push_back(schema.kind);
  return names;
}

void FillDefaults(const Object& object, yaml::Value& value) {
  std::vector<Work> work;
  FillObject(object, value, work);
  while (!work.empty()) {
    const Work next = work.back();
    work.pop_back();
    switch (next.type->form) {
      case Form::kList:
        for (yaml::Value& item : next.value->mutable_items())
          work.push_back({next.type->of.get(), &item});
        break;
      case Form::kMap:
        for (auto& [key, item] : next.value->mutable_entries()) {
          work.push_back({next.type->of.get(), &item});
        }
        break;
      case Form::kObject:
      case Form::kOneOf:
        if (const Object* chosen = ChosenObject(*next.type, *next.value)) {
          FillObject(*chosen, *next.value, work);
        }
        break;
      default:
        break;
    }
  }
}

}  // namespace cloudlab::policy
