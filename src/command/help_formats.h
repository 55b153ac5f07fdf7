/* help_formats.h - the man page and the shell completions, made from the commands' tables. */
#ifndef COMMAND_HELP_FORMATS_H
#define COMMAND_HELP_FORMATS_H

#include <stdio.h>

void help_print_man(FILE *f);

/* shell: "bash", "zsh" or "fish"; 0, or ERR_ARG for another. */
int help_print_completion(FILE *f, const char *shell);

#endif
