#!/bin/sh
# demo.sh BUILD - a whole conference on this machine: a bridge with one room,
# Maildir mail under ./run, and three callers that talk. Called by ./dev run;
# ends, with all it started, on Ctrl-C.
set -eu

build=$1
bridge=$build/bridge/ipsp-bridge
phone=$build/loadgen/ipsp-phone
room=standup@localhost
you=you@localhost
web=http://127.0.0.1:8080

mkdir -p run/mail run/voices
# Mail is delivered only into a Maildir that is there, as with any mail server:
# yours takes the links that you ask for on the panel.
mkdir -p run/mail/you/tmp run/mail/you/new run/mail/you/cur

configure() {
	[ ! -f run/bridge.conf ] || return 0
	cat >run/bridge.conf <<-CONF
		# Made by ./dev run; yours to change, or delete to have it anew.
		# Every key: docs/man/ipsp-bridge.conf.5

		[bridge]
		state_directory = $PWD/run/state
		media_address = 127.0.0.1
		media_port = 40000
		web_address = 127.0.0.1
		web_port = 8080
		web_url = $web
		web_files = $PWD/$build/web/client

		[mail local]
		mailbox = maildir:$PWD/run/mail/standup
		post = maildir:$PWD/run/mail/%u

		[room $room]
		account = local
		moderators = $you
		capacity = 50
	CONF
}

# speak NAME VOICE SPEED PITCH TEXT: a voice to loop, with pauses between the
# sentences so that the three take turns and at times talk at once.
speak() {
	[ -f "run/voices/$1.wav" ] || {
		espeak-ng -v "$2" -s "$3" -p "$4" -g 8 -w "run/voices/$1.tmp" "$5"
		mv "run/voices/$1.tmp" "run/voices/$1.wav"
	}
}

voices() {
	speak anna en-gb+f3 150 60 "Good morning everybody. This is Anna. \
Yesterday I finished the mail server, and today I look at the jitter buffer. \
Does anybody hear an echo? I do not. Please write down what is still open, \
then we can decide on Thursday."
	speak kenji ja+m3 150 40 "おはようございます。けんじです。\
きのうは かいぎしつの テストを しました。 きょうは でんわの ほうを みます。\
おとは よく きこえています。"
	speak eva de+f2 145 50 "Guten Morgen, hier ist Eva. Ich habe gestern \
die Messung wiederholt. Die Verzögerung liegt jetzt unter fünfzig \
Millisekunden. Heute schreibe ich den Bericht."
}

pids=
finish() {
	trap - INT TERM EXIT
	# shellcheck disable=SC2086
	[ -z "$pids" ] || kill $pids 2>/dev/null || :
	wait
	echo
	echo "The conference has ended."
}

call() { # call NAME FULLNAME
	"$phone" call "$room" --from "$1@localhost" --name "$2" \
		--mailbox "maildir:$PWD/run/mail/$1" \
		--post "maildir:$PWD/run/mail/%u" \
		--send "run/voices/$1.wav" --loop --json \
		>"run/$1.log" 2>&1 &
	pids="$pids $!"
}

configure
voices
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

rm -f run/login-link # of the last run
"$bridge" --config run/bridge.conf --login-link "$you" \
	>run/login-link 2>run/bridge.log &
bridge_pid=$!
pids=$bridge_pid
tries=0
while [ ! -s run/login-link ]; do
	tries=$((tries + 1))
	if [ $tries -gt 100 ] || ! kill -0 "$bridge_pid" 2>/dev/null; then
		echo "ipsp-bridge did not start; run/bridge.log says:" >&2
		tail -n 20 run/bridge.log >&2
		exit 1
	fi
	sleep 0.1
done

call anna "Anna"
call kenji "Kenji けんじ"
call eva "Eva"

cat <<HELP

The room $room is open, and Anna, Kenji and Eva talk in it.

  Panel   $(cat run/login-link)
          (a log-in link for you, the moderator: good once, for 10 minutes)

  Join    $phone call $room --from $you \\
            --mailbox maildir:run/mail/you --post maildir:run/mail/%u \\
            --send mic --receive speaker

          (without a sound card, give WAV files to --send and --receive)

  Logs    run/bridge.log, run/anna.log, run/kenji.log, run/eva.log

Ctrl-C ends the conference.
HELP

wait "$bridge_pid" || :
