#include "policy/secrets/detection/name.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace cloudlab::policy::secrets {
namespace {

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
};

struct Word {
  std::string_view text;
  std::uint16_t role;
  std::string_view label = {};  ///< Of secrets, if it is not the word.
};

// The one table of words, for detection and for masking.
constexpr auto kWords = std::to_array<Word>({
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
    {"API", kBeforeKey},
    {"ACCESS", kBeforeKey},
    {"PRIVATE", kBeforeKey},
    {"ENCRYPTION", kBeforeKey},
    {"DECRYPTION", kBeforeKey},
    {"ENCRYPT", kBeforeKey},
    {"CRYPTO", kBeforeKey},
    {"SIGNING", kBeforeKey},
    {"SIGNATURE", kBeforeKey},
    {"MASTER", kBeforeKey},
    {"AUTH", kBeforeKey},
    {"ACCOUNT", kBeforeKey},
    {"LICENSE", kBeforeKey},
    {"LICENCE", kBeforeKey},
    {"SHARED", kBeforeKey},
    {"HMAC", kBeforeKey},
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
    // What rule E1 says.
    {"FILE", kVetoEnd},
    {"PATH", kVetoEnd},
    {"DIR", kVetoEnd},
    {"NAME", kVetoEnd},
    {"ALIAS", kVetoEnd},
    {"TTL", kVetoEnd},
    {"ENABLED", kVetoEnd},
    {"HEADER", kVetoEnd},
    {"TYPE", kVetoEnd},
    {"LENGTH", kVetoEnd},
    {"ID", kVetoEnd},
    {"REF", kVetoEnd},
    {"PROMPT", kVetoEnd},
    {"URI", kVetoEnd},
    // Properties of a secret, and what deals with secrets.
    {"URL", kAboutEnd},
    {"URLS", kAboutEnd},
    {"URIS", kAboutEnd},
    {"FILES", kAboutEnd},
    {"FILENAME", kAboutEnd},
    {"FILEPATH", kAboutEnd},
    {"PATHS", kAboutEnd},
    {"DIRECTORY", kAboutEnd},
    {"FOLDER", kAboutEnd},
    {"LOCATION", kAboutEnd},
    {"MOUNT", kAboutEnd},
    {"NAMES", kAboutEnd},
    {"IDS", kAboutEnd},
    {"KID", kAboutEnd},
    {"REFS", kAboutEnd},
    {"REFERENCE", kAboutEnd},
    {"ARN", kAboutEnd},
    {"NAMESPACE", kAboutEnd},
    {"NAMESPACES", kAboutEnd},
    {"LABEL", kAboutEnd},
    {"LABELS", kAboutEnd},
    {"ANNOTATION", kAboutEnd},
    {"ANNOTATIONS", kAboutEnd},
    {"SELECTOR", kAboutEnd},
    {"HEADERS", kAboutEnd},
    {"TYPES", kAboutEnd},
    {"KIND", kAboutEnd},
    {"FORMAT", kAboutEnd},
    {"MODE", kAboutEnd},
    {"METHOD", kAboutEnd},
    {"METHODS", kAboutEnd},
    {"ALGORITHM", kAboutEnd},
    {"ALGORITHMS", kAboutEnd},
    {"ALG", kAboutEnd},
    {"CIPHER", kAboutEnd},
    {"POLICY", kAboutEnd},
    {"PROVIDER", kAboutEnd},
    {"PROVIDERS", kAboutEnd},
    {"BACKEND", kAboutEnd},
    {"ENGINE", kAboutEnd},
    {"MANAGER", kAboutEnd},
    {"STORE", kAboutEnd},
    {"STORAGE", kAboutEnd},
    {"SERVICE", kAboutEnd},
    {"SERVER", kAboutEnd},
    {"ENDPOINT", kAboutEnd},
    {"HOST", kAboutEnd},
    {"PORT", kAboutEnd},
    {"ADDR", kAboutEnd},
    {"ADDRESS", kAboutEnd},
    {"REGION", kAboutEnd},
    {"ISSUER", kAboutEnd},
    {"AUDIENCE", kAboutEnd},
    {"AUDIENCES", kAboutEnd},
    {"AUD", kAboutEnd},
    {"SUBJECT", kAboutEnd},
    {"SCOPE", kAboutEnd},
    {"SCOPES", kAboutEnd},
    {"CLAIM", kAboutEnd},
    {"CLAIMS", kAboutEnd},
    {"ROLE", kAboutEnd},
    {"ROLES", kAboutEnd},
    {"GROUP", kAboutEnd},
    {"USER", kAboutEnd},
    {"USERS", kAboutEnd},
    {"USERNAME", kAboutEnd},
    {"LOGIN", kAboutEnd},
    {"EMAIL", kAboutEnd},
    {"OWNER", kAboutEnd},
    {"REALM", kAboutEnd},
    {"DOMAIN", kAboutEnd},
    {"FIELD", kAboutEnd},
    {"FIELDS", kAboutEnd},
    {"PARAM", kAboutEnd},
    {"PARAMETER", kAboutEnd},
    {"ATTRIBUTE", kAboutEnd},
    {"COLUMN", kAboutEnd},
    {"VARIABLE", kAboutEnd},
    {"VAR", kAboutEnd},
    {"ENV", kAboutEnd},
    {"SOURCE", kAboutEnd},
    {"PREFIX", kAboutEnd},
    {"SUFFIX", kAboutEnd},
    {"PATTERN", kAboutEnd},
    {"REGEX", kAboutEnd},
    {"RULE", kAboutEnd},
    {"RULES", kAboutEnd},
    {"TEMPLATE", kAboutEnd},
    {"TEXT", kAboutEnd},
    {"TITLE", kAboutEnd},
    {"DESCRIPTION", kAboutEnd},
    {"HINT", kAboutEnd},
    {"MESSAGE", kAboutEnd},
    {"ERROR", kAboutEnd},
    {"PLACEHOLDER", kAboutEnd},
    {"EXPIRY", kAboutEnd},
    {"EXPIRE", kAboutEnd},
    {"EXPIRES", kAboutEnd},
    {"EXPIRATION", kAboutEnd},
    {"LIFETIME", kAboutEnd},
    {"LIFESPAN", kAboutEnd},
    {"VALIDITY", kAboutEnd},
    {"DURATION", kAboutEnd},
    {"INTERVAL", kAboutEnd},
    {"PERIOD", kAboutEnd},
    {"TIMEOUT", kAboutEnd},
    {"AGE", kAboutEnd},
    {"TIME", kAboutEnd},
    {"SECONDS", kAboutEnd},
    {"MINUTES", kAboutEnd},
    {"HOURS", kAboutEnd},
    {"DAYS", kAboutEnd},
    {"SIZE", kAboutEnd},
    {"LEN", kAboutEnd},
    {"COUNT", kAboutEnd},
    {"LIMIT", kAboutEnd},
    {"MIN", kAboutEnd},
    {"MAX", kAboutEnd},
    {"BITS", kAboutEnd},
    {"COST", kAboutEnd},
    {"ROUNDS", kAboutEnd},
    {"ITERATIONS", kAboutEnd},
    {"STRENGTH", kAboutEnd},
    {"VERSION", kAboutEnd},
    {"STATUS", kAboutEnd},
    {"STATE", kAboutEnd},
    {"ENABLE", kAboutEnd},
    {"DISABLE", kAboutEnd},
    {"DISABLED", kAboutEnd},
    {"REQUIRED", kAboutEnd},
    {"ALLOWED", kAboutEnd},
    {"ROTATION", kAboutEnd},
    {"RENEWAL", kAboutEnd},
    {"REFRESH", kAboutEnd},
    {"RESET", kAboutEnd},
    {"REVIEW", kAboutEnd},
    {"VALIDATION", kAboutEnd},
    {"VERIFICATION", kAboutEnd},
    {"AUTHENTICATION", kAboutEnd},
    {"ENCODER", kAboutEnd},
    {"HASHER", kAboutEnd},
    {"GENERATOR", kAboutEnd},
    {"CLASS", kAboutEnd},
    {"IMAGE", kAboutEnd},
    {"TAG", kAboutEnd},
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
    {"SALT", kWeakWord},
    {"PEPPER", kWeakWord},
    {"SEED", kWeakWord},
    {"JWT", kWeakWord | kBeforeKey, "TOKEN"},
    {"BEARER", kWeakWord, "TOKEN"},
    {"COOKIE", kWeakWord},
    {"VALUE", kTail},
    {"DATA", kTail},
    {"PLAIN", kTail},
    {"PLAINTEXT", kTail},
    {"RAW", kTail},
    {"BASE", kTail},
    {"B64", kTail},
    {"BASE64", kTail},
    {"CURRENT", kTail},
    {"PREVIOUS", kTail},
    {"OLD", kTail},
    {"NEW", kTail},
    {"NEXT", kTail},
    {"PRIMARY", kTail},
    {"SECONDARY", kTail},
    {"DEFAULT", kTail},
    {"INITIAL", kTail},
    {"PROD", kTail},
    {"PRODUCTION", kTail},
    {"STAGING", kTail},
    {"DEV", kTail},
    {"TEST", kTail},
});

/// Words that are written without a border before them (PGPASSWORD, clientsecret).
constexpr auto kEndings = std::to_array<Word>({
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

// The table is found through a hash of open addressing, made by the compiler.
constexpr std::size_t kSlots = 1024;

constexpr std::size_t Slot(std::string_view word) {
  std::size_t hash = word.size();
  for (const char c : word) hash = hash * 31 + static_cast<unsigned char>(c);
  return (hash ^ (hash >> 10)) % kSlots;
}

constexpr std::array<std::uint16_t, kSlots> MakeSlots() {
  std::array<std::uint16_t, kSlots> slots = {};
  for (std::size_t i = 0; i < kWords.size(); ++i) {
    std::size_t slot = Slot(kWords[i].text);
    while (slots[slot] != 0) slot = (slot + 1) % kSlots;
    slots[slot] = static_cast<std::uint16_t>(i + 1);
  }
  return slots;
}
constexpr std::array<std::uint16_t, kSlots> kSlotOf = MakeSlots();
constexpr Word kUnknown = {"", kNoRole};

const Word& EndingOf(std::string_view word) {
  if (word.size() < 7) return kUnknown;
  for (const Word& ending : kEndings) {
    if (word.ends_with(ending.text)) return ending;
  }
  return kUnknown;
}

const Word& LookUp(std::string_view word) {
  for (std::size_t slot = Slot(word); kSlotOf[slot] != 0; slot = (slot + 1) % kSlots) {
    const Word& found = kWords[kSlotOf[slot] - 1];
    if (found.text == word) return found;
  }
  return EndingOf(word);
}

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// The last words of a name, looked up.
class NameWords {
 public:
  explicit NameWords(std::string_view name) {
    if (name.size() > kMostChars) name.remove_prefix(name.size() - kMostChars);
    std::array<char, kMostChars> word{};
    std::size_t size = 0;
    for (std::size_t i = 0; i < name.size(); ++i) {
      const char c = name[i];
      const bool part = IsUpper(c) || IsLower(c) || IsDigit(c);
      if (size > 0 && (!part || IsBorder(name, i))) {
        Push({word.data(), size});
        size = 0;
      }
      if (part) word[size++] = IsLower(c) ? static_cast<char>(c - 'a' + 'A') : c;
    }
    if (size > 0) Push({word.data(), size});
  }

  std::size_t size() const { return size_; }
  const Word& operator[](std::size_t i) const { return *words_[i]; }
  bool Has(std::uint16_t roles, std::size_t end) const {
    for (std::size_t i = 0; i < end; ++i) {
      if ((words_[i]->role & roles) != 0) return true;
    }
    return false;
  }

 private:
  static constexpr std::size_t kMostChars = 128;
  static constexpr std::size_t kMostWords = 16;

  /// `dbPassword`, `DBPassword`: a capital behind or before a small letter begins a word.
  static bool IsBorder(std::string_view name, std::size_t i) {
    if (!IsUpper(name[i])) return false;
    if (!IsUpper(name[i - 1])) return IsLower(name[i - 1]);
    return i + 2 < name.size() && IsLower(name[i + 1]) && IsLower(name[i + 2]);
  }

  void Push(std::string_view word) {
    while (word.size() > 1 && IsDigit(word.back()) && word != "B64" && word != "BASE64") {
      word.remove_suffix(1);
    }
    static constexpr Word kNumber = {"", kTail};
    if (size_ == kMostWords) {
      std::ranges::rotate(words_, words_.begin() + 1);
      --size_;
    }
    words_[size_++] = word.size() == 1 && IsDigit(word[0]) ? &kNumber : &LookUp(word);
  }

  std::array<const Word*, kMostWords> words_ = {};
  std::size_t size_ = 0;
};

std::string_view LabelOf(const Word& word) { return word.label.empty() ? word.text : word.label; }

std::string_view LabelOfKey(const Word& before) {
  static constexpr auto kLabels = std::to_array<std::pair<std::string_view, std::string_view>>({
      {"API", "API_KEY"},
      {"ACCESS", "ACCESS_KEY"},
      {"PRIVATE", "PRIVATE_KEY"},
      {"SECRET", "SECRET_KEY"},
      {"ENCRYPTION", "ENCRYPTION_KEY"},
      {"SIGNING", "SIGNING_KEY"},
      {"LICENSE", "LICENSE_KEY"},
  });
  for (const auto& [word, label] : kLabels) {
    if (before.text == word) return label;
  }
  return "KEY";
}

constexpr std::uint16_t kTelling = kSecretWord | kObjectWord;

/// `words` up to `end`, the last of which is KEY.
NameRating RateKey(const NameWords& words, std::size_t end) {
  if (end < 2) return {NameKind::kWeak, "KEY"};
  const Word& before = words[end - 2];
  if ((before.role & kBeforeKey) != 0) return {NameKind::kSecret, LabelOfKey(before)};
  // A key of a Secret: adminPasswordKey, tokenKey.
  if ((before.role & kTelling) != 0) return {NameKind::kAbout, LabelOf(before)};
  return {NameKind::kWeak, "KEY"};
}

/// No word at the end says anything: one before it may.
NameRating RateInside(const NameWords& words, std::size_t end) {
  const bool about = (words[end - 1].role & kAboutEnd) != 0;
  for (std::size_t i = end; i-- > 0;) {
    if ((words[i].role & kTelling) != 0) {
      return {about ? NameKind::kAbout : NameKind::kInside, LabelOf(words[i])};
    }
    const bool key = i > 0 && (words[i].role & kKeyWord) != 0;
    if (key && (words[i - 1].role & kBeforeKey) != 0) {
      return {about ? NameKind::kAbout : NameKind::kInside, LabelOfKey(words[i - 1])};
    }
  }
  if (about) return {};
  for (std::size_t i = end; i-- > 0;) {
    if ((words[i].role & (kWeakWord | kKeyWord)) != 0) {
      return {NameKind::kWeak, LabelOf(words[i])};
    }
  }
  return {};
}

}  // namespace

NameRating RateName(std::string_view name) {
  const NameWords words(name);
  std::size_t end = words.size();
  while (end > 0 && (words[end - 1].role & kTail) != 0 && (words[end - 1].role & kString) == 0) {
    --end;
  }
  if (end == 0) return {};
  if (words.Has(kPublicWord, words.size())) return {NameKind::kNot, ""};
  const Word& last = words[end - 1];
  if ((last.role & kVetoEnd) != 0) return {NameKind::kNot, ""};
  if ((last.role & kKeyWord) != 0) return RateKey(words, end);
  if ((last.role & kSecretWord) != 0) return {NameKind::kSecret, LabelOf(last)};
  if ((last.role & kObjectWord) != 0) {
    const bool singular = last.text == "SECRET";
    const bool of_object = end < 2 || (words[end - 2].role & kOfObject) != 0;
    return {!singular || of_object ? NameKind::kObject : NameKind::kSecret, LabelOf(last)};
  }
  const bool string =
      end > 1 && (last.role & kString) != 0 && (words[end - 2].role & kConnect) != 0;
  if ((last.role & kDsnWord) != 0 || string) return {NameKind::kConnection, "PASSWORD"};
  return RateInside(words, end);
}

}  // namespace cloudlab::policy::secrets
