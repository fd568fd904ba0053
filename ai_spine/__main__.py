"""`python -m ai_spine` is the `ai-spine` command."""

from ai_spine.cli.main import main

if __name__ == "__main__":
    main()
