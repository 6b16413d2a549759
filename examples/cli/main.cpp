// SPDX-License-Identifier: MIT
#include <cstdio>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "dynamicpo/version.hpp"

namespace {

// The subcommand that was named, else the program itself.
const CLI::App& active(const CLI::App& app) {
  const auto named = app.get_subcommands();
  return named.empty() ? app : *named.front();
}

// One line for what is wrong and, where a name is wrong, one for the names there are.
std::string explain(const CLI::App* app, const CLI::Error& error) {
  const CLI::App& command = active(*app);
  const auto unknown = app->remaining();
  const bool no_such_command = &command == app && !unknown.empty() && unknown.front().front() != '-';
  std::string what = no_such_command ? "there is no subcommand " + unknown.front() : error.what();
  if (&command != app && dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    for (const std::string& argument : app->remaining(true)) {  // it may be the required option misspelt
      if (argument.starts_with("--")) { what += "; there is no option " + argument; }
    }
  }
  std::string text = "dynamicpo" + (&command == app ? "" : " " + command.get_name()) + ": " + what + "\n";
  if (dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr &&
      dynamic_cast<const CLI::RequiredError*>(&error) == nullptr) {
    return text;
  }
  text += "valid choices:";
  for (const CLI::App* subcommand : command.get_subcommands(nullptr)) { text += " " + subcommand->get_name(); }
  for (const CLI::Option* option : command.get_options()) { text += " " + option->get_name(); }
  return text + "\n";
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Preference-optimisation losses with many negatives: DPO, DMPO, S-DPO, MPPO and their DynamicPO forms.",
               "dynamicpo"};
  app.set_version_flag("--version", dynamicpo::version);
  app.require_subcommand(1);
  app.failure_message(explain);
  app.footer("Exit status: 0, 2 for wrong usage, 1 for bad data (with file and line).");
  cli::add_loss(app);
  cli::add_select(app);
  cli::add_score(app);
  cli::add_study(app);
  cli::add_select_bench(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) { return app.exit(error) == 0 ? 0 : 2; } catch (const std::exception& error) {
    std::fprintf(stderr, "dynamicpo: %s\n", error.what());
    return 1;
  }
}
