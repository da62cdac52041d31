// How variables, keys and entries are called after the place where a secret stood, and how messages
// call that place.
#pragma once

#include <string>
#include <string_view>

#include "policy/secrets/survey.hpp"

namespace cloudlab::policy::secrets {

/// What a variable may be called: "init.sql" -> "INIT_SQL".
std::string Stem(std::string_view name);
/// `name` with other characters than those of keys of a Secret (rule E3) replaced by dashes.
std::string KeyOf(std::string_view name);
/// The name of a part of a text: "DATABASE_URL_PASSWORD".
std::string PartName(const Site& site, const Found& found);

/// "env DB_PASSWORD of container api".
std::string Describe(const Site& site);
/// What was found there, without its value: "password of a URL, GitHub token".
std::string KindsOf(const Site& site);

}  // namespace cloudlab::policy::secrets
