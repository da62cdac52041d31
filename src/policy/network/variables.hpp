// Variables in texts, replaced as those do it who will read the texts: the kubelet in commands,
// arguments and variables, shells and most programs in scripts and files.
//
// What is not defined stays as it is; nothing is run, so `$(date)` and `${A##*-}` stay too, and
// so does what would make a text grow by more than a mebibyte.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace cloudlab::policy::network {

using Variables = std::map<std::string, std::string, std::less<>>;

/// `$(NAME)` of defined variables; `$$` escapes (k8s.io/kubernetes/third_party/forked/golang/
/// expansion).
std::string ExpandKubelet(std::string_view text, const Variables& variables);

/// `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:=default}` of shells, `${NAME:default}` of
/// Spring, `${env:NAME}` of collectors. Defaults may hold variables.
std::string ExpandShell(std::string text, const Variables& variables);

}  // namespace cloudlab::policy::network
