%% gen_server:call on the real BEAM, within a node and to another one on loopback.
%% Prints the times in nanoseconds, a line each: "call T T T ...", "start ...", then "remote ...".
-module(beam).
-behaviour(gen_server).
-export([main/0, far/1, init/1, handle_call/3, handle_cast/2]).

-define(REQUEST, {get, <<"b">>}).
-define(CALLS, 5000).

init([]) -> {ok, nothing}.
handle_call(Request, _From, State) -> {reply, Request, State}.
handle_cast(_Request, State) -> {noreply, State}.

main() ->
    true = register(bench, self()),
    {ok, Near} = gen_server:start_link(?MODULE, [], []),
    print("call", times(fun() -> gen_server:call(Near, ?REQUEST) end)),
    print("start", times(fun() -> {ok, _} = gen_server:start(?MODULE, [], []) end)),
    receive {far, Far} -> print("remote", times(fun() -> gen_server:call(Far, ?REQUEST) end)) end,
    halt(0).

%% The other node: starts a server, tells main of it, and ends with main's node.
far([Main]) ->
    {ok, Far} = gen_server:start(?MODULE, [], []),
    pong = net_adm:ping(Main),
    true = monitor_node(Main, true),
    {bench, Main} ! {far, Far},
    receive {nodedown, Main} -> halt(0) end.

times(Act) ->
    [timed(Act) || _ <- lists:seq(1, ?CALLS div 10)],
    [timed(Act) || _ <- lists:seq(1, ?CALLS)].

timed(Act) ->
    Begin = erlang:monotonic_time(nanosecond),
    Act(),
    erlang:monotonic_time(nanosecond) - Begin.

print(Name, Times) ->
    io:format("~s ~s~n", [Name, lists:join(" ", [integer_to_list(T) || T <- Times])]).
