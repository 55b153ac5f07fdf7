/* commands.h - the commands, each in the file of its name. */
#ifndef COMMAND_COMMANDS_H
#define COMMAND_COMMANDS_H

#include "command/cli.h"

extern const struct command command_run;
extern const struct command command_list;
extern const struct command command_info;
extern const struct command command_doctor;
extern const struct command command_history;
extern const struct command command_baseline;
extern const struct command command_report;
extern const struct command command_export;
extern const struct command command_import;
extern const struct command command_compare;
extern const struct command command_gate;
extern const struct command command_profile;
extern const struct command command_selftest;
extern const struct command command_rerun;
extern const struct command command_model;
extern const struct command command_generate;
extern const struct command command_perplexity;
extern const struct command command_help;
extern const struct command command_worker;

#endif
