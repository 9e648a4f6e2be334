"""An environment of your own is the folder `own_env/`: a page of YAML and Markdown, two JSON files and a table."""

from pathlib import Path

import ccgym


def main():
    env = ccgym.make(Path(__file__).parent / "own_env")
    observation, info = env.reset(options={"task": "renew"})
    print(f"{info['task_id']}: {observation}")
    for turn in (
        "Gladly. Which loan is it, please?",
        '<tool_call>{"name": "get_loan", "arguments": {"loan_id": "L0003"}}</tool_call>',
        '<tool_call>{"name": "renew_loan", "arguments": {"loan_id": "L0003"}}</tool_call>',
        "It is renewed for the first time, until 2026-01-26.",
    ):
        observation, _, _, _, info = env.step(turn)
        print(observation)
    print(f"{info['termination']}: {info['rewards']}")


if __name__ == "__main__":
    main()
