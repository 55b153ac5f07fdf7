/* tty.h - how wide the terminal is, and how to write on it. */
#ifndef COMMAND_TTY_H
#define COMMAND_TTY_H

#include "command/cli.h"
#include "report/style.h"

/* 80 where it cannot be asked. */
int tty_columns(int fd);

/* For tables on standard output; 100 columns where that is no terminal. */
struct terminal_style tty_style(const struct cli_env *env);

#endif
