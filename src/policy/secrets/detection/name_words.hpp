// The words of names that say something about a value: the one table for detection and for masking.
//
// Rule E1 names the words that make a secret and those at the end of a name that veto it; the rest
// was learned from public charts. A word has a role for each place where it counts (name.cpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cloudlab::policy::secrets {

enum Role : std::uint16_t {
  kNoRole = 0,
  kSecretWord = 1,    ///< Names a secret.
  kObjectWord = 2,    ///< Names a secret, or an object that holds some.
  kKeyWord = 4,       ///< KEY: a secret behind kBeforeKey, else weak.
  kBeforeKey = 8,     ///< API, PRIVATE, ...: with KEY it names a secret.
  kDsnWord = 16,      ///< A connection string.
  kVetoEnd = 32,      ///< At the end: what is named is no secret.
  kAboutEnd = 64,     ///< At the end: a property of a secret.
  kPublicWord = 128,  ///< Anywhere: known to everybody.
  kWeakWord = 256,    ///< Counts for random values.
  kOfObject = 512,    ///< Before SECRET: a Secret's name is meant.
  kTail = 1024,       ///< At the end: says nothing new (PASSWORD_VALUE).
  kConnect = 2048,    ///< CONNECTION: a connection string with STRING or STR.
  kString = 4096,
  kUse = 16384,    ///< Before SECRET: what it is for, so it is no name.
  kOfText = 8192,  ///< Before TOKEN: one of a text or of a page, or a name of a cluster.
};

struct Word {
  std::string_view text;
  std::uint16_t role = kNoRole;
  std::string_view label = {};  ///< Of secrets, if it is not the word.
};

// The one table of words, for detection and for masking.
inline constexpr auto kOwnWords = std::to_array<Word>({
    {"PASSWORD", kSecretWord},
    {"PASSWORDS", kSecretWord, "PASSWORD"},
    {"PASSWD", kSecretWord, "PASSWORD"},
    {"PASSWRD", kSecretWord, "PASSWORD"},
    {"PSWD", kSecretWord, "PASSWORD"},
    {"PWD", kSecretWord, "PASSWORD"},
    {"PW", kSecretWord, "PASSWORD"},
    {"PASS", kSecretWord, "PASSWORD"},
    {"PASSPHRASE", kSecretWord},
    {"PASSCODE", kSecretWord},
    {"PSK", kSecretWord},
    {"TOKEN", kSecretWord},
    {"TOKENS", kSecretWord, "TOKEN"},
    {"AUTHTOK", kSecretWord, "PASSWORD"},
    {"APIKEY", kSecretWord, "API_KEY"},
    {"APIKEYS", kSecretWord, "API_KEY"},
    {"AUTHKEY", kSecretWord, "AUTH_KEY"},
    {"ROOTPW", kSecretWord, "PASSWORD"},
    {"BINDPW", kSecretWord, "PASSWORD"},
    {"DBPASS", kSecretWord, "PASSWORD"},
    {"USERPASS", kSecretWord, "PASSWORD"},
    {"SMTPPASS", kSecretWord, "PASSWORD"},
    {"MASTERAUTH", kSecretWord, "PASSWORD"},
    {"REQUIREPASS", kSecretWord, "PASSWORD"},
    {"SECRET", kObjectWord | kBeforeKey},
    {"SECRETS", kObjectWord, "SECRET"},
    {"CREDENTIAL", kObjectWord, "CREDENTIALS"},
    {"CREDENTIALS", kObjectWord},
    {"CREDS", kObjectWord, "CREDENTIALS"},
    {"KEY", kKeyWord},
    {"KEYS", kKeyWord, "KEY"},
    {"API", kBeforeKey | kUse},
    {"ACCESS", kBeforeKey | kUse},
    {"PRIVATE", kBeforeKey},
    {"ENCRYPTION", kBeforeKey | kUse},
    {"DECRYPTION", kBeforeKey},
    {"ENCRYPT", kBeforeKey},
    {"CRYPTO", kBeforeKey},
    {"SIGNING", kBeforeKey | kUse},
    {"SIGNATURE", kBeforeKey},
    {"MASTER", kBeforeKey},
    {"AUTH", kBeforeKey},
    {"ACCOUNT", kBeforeKey},
    {"LICENSE", kBeforeKey},
    {"LICENCE", kBeforeKey},
    {"SHARED", kBeforeKey | kUse},
    {"HMAC", kBeforeKey | kUse},
    {"FERNET", kBeforeKey},
    {"INGEST", kBeforeKey},
    {"DSN", kDsnWord},
    {"CONNSTR", kDsnWord},
    {"CONNECTIONSTRING", kDsnWord},
    {"CONNECTION", kConnect},
    {"CONN", kConnect},
    {"STRING", kString | kAboutEnd},
    {"STR", kString | kTail},
    {"PUBLIC", kPublicWord},
    {"PUBKEY", kPublicWord},
    {"PUBLISHABLE", kPublicWord},
    {"CERT", kAboutEnd | kOfObject},
    {"CRT", kAboutEnd | kOfObject},
    {"TLS", kOfObject},
    {"SSL", kOfObject},
    {"CA", kOfObject},
    {"CERTS", kOfObject},
    {"CERTIFICATE", kOfObject | kAboutEnd},
    {"CERTIFICATES", kOfObject | kAboutEnd},
    {"PULL", kOfObject},
    {"IMAGEPULL", kOfObject},
    {"EXISTING", kOfObject},
    {"EXTERNAL", kOfObject},
    {"KUBERNETES", kOfObject},
    {"K8S", kOfObject},
    {"CONFIG", kOfObject | kAboutEnd},
    {"KUBECONFIG", kOfObject | kAboutEnd},
    {"TRUSTSTORE", kOfObject},
    {"KEYSTORE", kOfObject},
    {"REGISTRY", kOfObject},
    {"CLIENT", kUse},
    {"SESSION", kUse},
    {"APP", kUse},
    {"CONSUMER", kUse},
    {"OAUTH", kUse},
    {"OIDC", kUse},
    {"BIND", kUse},
    {"EOS", kOfText},
    {"BOS", kOfText},
    {"PAD", kOfText},
    {"UNK", kOfText},
    {"CLS", kOfText},
    {"SEP", kOfText},
    {"MASK", kOfText},
    {"STOP", kOfText},
    {"SPECIAL", kOfText},
    {"PAGE", kOfText},
    {"CONTINUE", kOfText},
    {"CSRF", kOfText},
    {"XSRF", kOfText},
    {"CLUSTER", kOfText},  // etcd: --initial-cluster-token
    {"SALT", kWeakWord},
    {"PEPPER", kWeakWord},
    {"SEED", kWeakWord},
    {"JWT", kWeakWord | kBeforeKey | kUse, "TOKEN"},
    {"BEARER", kWeakWord, "TOKEN"},
    {"COOKIE", kWeakWord | kUse},
});

/// Rule E1: what is called so is no secret.
inline constexpr std::array<std::string_view, 14> kVetoEnds = {
    "FILE",   "PATH", "DIR",    "NAME", "ALIAS", "TTL",    "ENABLED",
    "HEADER", "TYPE", "LENGTH", "ID",   "REF",   "PROMPT", "URI"};

/// Properties of a secret, and what deals with secrets.
inline constexpr std::array<std::string_view, 145> kAboutEnds = {"URL",
                                                                 "URLS",
                                                                 "URIS",
                                                                 "FILES",
                                                                 "FILENAME",
                                                                 "FILEPATH",
                                                                 "PATHS",
                                                                 "DIRECTORY",
                                                                 "FOLDER",
                                                                 "LOCATION",
                                                                 "MOUNT",
                                                                 "NAMES",
                                                                 "IDS",
                                                                 "KID",
                                                                 "REFS",
                                                                 "REFERENCE",
                                                                 "ARN",
                                                                 "NAMESPACE",
                                                                 "NAMESPACES",
                                                                 "LABEL",
                                                                 "LABELS",
                                                                 "ANNOTATION",
                                                                 "ANNOTATIONS",
                                                                 "SELECTOR",
                                                                 "HEADERS",
                                                                 "TYPES",
                                                                 "KIND",
                                                                 "FORMAT",
                                                                 "MODE",
                                                                 "METHOD",
                                                                 "METHODS",
                                                                 "ALGORITHM",
                                                                 "ALGORITHMS",
                                                                 "ALG",
                                                                 "CIPHER",
                                                                 "POLICY",
                                                                 "PROVIDER",
                                                                 "PROVIDERS",
                                                                 "BACKEND",
                                                                 "ENGINE",
                                                                 "MANAGER",
                                                                 "STORE",
                                                                 "STORAGE",
                                                                 "SERVICE",
                                                                 "SERVER",
                                                                 "ENDPOINT",
                                                                 "HOST",
                                                                 "PORT",
                                                                 "ADDR",
                                                                 "ADDRESS",
                                                                 "REGION",
                                                                 "ISSUER",
                                                                 "AUDIENCE",
                                                                 "AUDIENCES",
                                                                 "AUD",
                                                                 "SUBJECT",
                                                                 "SCOPE",
                                                                 "SCOPES",
                                                                 "CLAIM",
                                                                 "CLAIMS",
                                                                 "ROLE",
                                                                 "ROLES",
                                                                 "GROUP",
                                                                 "USER",
                                                                 "USERS",
                                                                 "USERNAME",
                                                                 "LOGIN",
                                                                 "EMAIL",
                                                                 "OWNER",
                                                                 "REALM",
                                                                 "DOMAIN",
                                                                 "FIELD",
                                                                 "FIELDS",
                                                                 "PARAM",
                                                                 "PARAMETER",
                                                                 "ATTRIBUTE",
                                                                 "COLUMN",
                                                                 "VARIABLE",
                                                                 "VAR",
                                                                 "ENV",
                                                                 "SOURCE",
                                                                 "PREFIX",
                                                                 "SUFFIX",
                                                                 "PATTERN",
                                                                 "REGEX",
                                                                 "RULE",
                                                                 "RULES",
                                                                 "TEMPLATE",
                                                                 "TEXT",
                                                                 "TITLE",
                                                                 "DESCRIPTION",
                                                                 "HINT",
                                                                 "MESSAGE",
                                                                 "ERROR",
                                                                 "PLACEHOLDER",
                                                                 "EXPIRY",
                                                                 "EXPIRE",
                                                                 "EXPIRES",
                                                                 "EXPIRATION",
                                                                 "LIFETIME",
                                                                 "LIFESPAN",
                                                                 "VALIDITY",
                                                                 "DURATION",
                                                                 "INTERVAL",
                                                                 "PERIOD",
                                                                 "TIMEOUT",
                                                                 "AGE",
                                                                 "TIME",
                                                                 "SECONDS",
                                                                 "MINUTES",
                                                                 "HOURS",
                                                                 "DAYS",
                                                                 "SIZE",
                                                                 "LEN",
                                                                 "COUNT",
                                                                 "LIMIT",
                                                                 "MIN",
                                                                 "MAX",
                                                                 "BITS",
                                                                 "COST",
                                                                 "ROUNDS",
                                                                 "ITERATIONS",
                                                                 "STRENGTH",
                                                                 "VERSION",
                                                                 "STATUS",
                                                                 "STATE",
                                                                 "ENABLE",
                                                                 "DISABLE",
                                                                 "DISABLED",
                                                                 "REQUIRED",
                                                                 "ALLOWED",
                                                                 "ROTATION",
                                                                 "RENEWAL",
                                                                 "REFRESH",
                                                                 "RESET",
                                                                 "REVIEW",
                                                                 "VALIDATION",
                                                                 "VERIFICATION",
                                                                 "AUTHENTICATION",
                                                                 "ENCODER",
                                                                 "HASHER",
                                                                 "GENERATOR",
                                                                 "CLASS",
                                                                 "IMAGE",
                                                                 "TAG"};

/// Behind a telling word they say nothing new.
inline constexpr auto kTails = std::to_array<std::string_view>(
    {"VALUE",   "DATA",     "PLAIN",      "PLAINTEXT", "RAW",  "BASE",    "B64",       "BASE64",
     "CURRENT", "PREVIOUS", "OLD",        "NEW",       "NEXT", "PRIMARY", "SECONDARY", "DEFAULT",
     "INITIAL", "PROD",     "PRODUCTION", "STAGING",   "DEV",  "TEST"});

inline constexpr std::size_t kWordCount =
    kOwnWords.size() + kVetoEnds.size() + kAboutEnds.size() + kTails.size();

constexpr std::array<Word, kWordCount> MakeWords() {
  std::array<Word, kWordCount> words = {};
  std::size_t size = 0;
  for (const Word& word : kOwnWords) words[size++] = word;
  for (const std::string_view text : kVetoEnds) words[size++] = {text, kVetoEnd};
  for (const std::string_view text : kAboutEnds) words[size++] = {text, kAboutEnd};
  for (const std::string_view text : kTails) words[size++] = {text, kTail};
  return words;
}
inline constexpr std::array<Word, kWordCount> kWords = MakeWords();

/// Words that are written without a border before them (PGPASSWORD, clientsecret).
inline constexpr auto kEndings = std::to_array<Word>({
    {"PASSWORD", kSecretWord, "PASSWORD"},
    {"PASSWD", kSecretWord, "PASSWORD"},
    {"PASSPHRASE", kSecretWord, "PASSPHRASE"},
    {"TOKEN", kSecretWord, "TOKEN"},
    {"SECRET", kSecretWord, "SECRET"},
    {"APIKEY", kSecretWord, "API_KEY"},
    {"SECRETKEY", kSecretWord, "SECRET_KEY"},
    {"ACCESSKEY", kSecretWord, "ACCESS_KEY"},
    {"ACCOUNTKEY", kSecretWord, "ACCOUNT_KEY"},
    {"PRIVATEKEY", kSecretWord, "PRIVATE_KEY"},
    {"ENCRYPTIONKEY", kSecretWord, "ENCRYPTION_KEY"},
});

}  // namespace cloudlab::policy::secrets
