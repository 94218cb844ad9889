/// What a fixture does wrong, and the checks that are meant to find it.
macro_rules! faults {
    ($($(#[doc = $doc:literal])* $fault:ident => $($check:ident)+;)*) => {
        /// What a fixture does wrong.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub(crate) enum Fault {
            /// Nothing: it must pass every check.
            None,
            $($(#[doc = $doc])* $fault,)*
        }

        /// Every fault, with the checks that must report it.
        pub(crate) const FAULTS: &[(Fault, &[&str])] =
            &[$((Fault::$fault, &[$(stringify!($check)),+])),*];
    };
}

faults! {
    ContentTypeMissing => the_content_type_is_exact;
    ContentTypeWithCharset => the_content_type_is_exact;
    CacheControlMissing => the_cache_control_is_exact;
    CacheControlAllowsTransforms => the_cache_control_is_exact;
    AccelBufferingMissing => the_proxy_is_told_not_to_buffer;
    /// `connection` on HTTP/1.1, where HTTP/2 forbids it another one that nobody asked for.
    HeaderTooMany => no_other_header_is_added;

    OpeningCommentMissing => the_head_and_a_comment_come_before_any_event;
    HeadWaitsForAnEvent => the_head_and_a_comment_come_before_any_event;
    OpeningCommentAlways => an_event_that_is_ready_comes_first;
    LazyStreamBuiltAtOnce => a_lazy_stream_is_built_at_the_first_poll;
    FirstErrorNotAwaited => an_error_before_the_first_event_becomes_a_status;
    AwaitedEventTwice => the_awaited_first_event_is_delivered_once;

    EventTypeLost => an_event_has_exactly_its_bytes;
    CommentBreaksOut => an_event_has_exactly_its_bytes;
    IdLost => an_id_is_sent;
    LeadingSpaceLost => every_line_of_data_is_kept;
    LinesNotSplit => every_line_of_data_is_kept;
    EncodedEventEncodedAgain => an_encoded_event_has_exactly_its_bytes;
    BatchLosesItsLastEvent => an_encoded_batch_has_exactly_its_bytes;
    LongEventCut => ready_events_come_complete_and_in_order;
    EmptyFrame => no_frame_is_empty;

    EventHeldBack => an_event_is_on_the_wire_before_the_next_exists;
    EventHeldBackWhenCompressible => an_event_is_on_the_wire_behind_compression;
    CompressionNotFlushed => an_event_is_on_the_wire_behind_forced_compression;
    CompressesByDefault => compression_leaves_an_event_stream_alone;

    NoKeepAlive => keep_alives_come_while_idle;
    KeepAliveWhenOff => no_keep_alive_comes_when_off;
    KeepAliveInsideEvent => no_keep_alive_cuts_an_event;

    LastEventIdIgnored => a_last_event_id_comes_from_the_header;
    LastEventIdAsciiOnly => a_last_event_id_may_be_any_utf8;
    EmptyLastEventIdKept => an_empty_last_event_id_is_none;
    LastOfTwoIdsTaken => the_first_of_two_last_event_ids_counts;
    QueryIgnored => a_last_event_id_may_come_from_the_query;
    QueryWins => the_header_wins_over_the_query;

    HeadWithoutHeaders => head_answers_the_same_headers;
    HeadPolls => head_never_polls_the_stream;
    HeadSendsABody => head_has_no_body;
    HeadNeverAwaits => head_has_the_status_of_an_awaited_error;

    NoContentIsOk => no_content_stops_reconnection;
    AcceptNeverNegotiated => accept_is_negotiated_on_request;
    AcceptAlwaysNegotiated => accept_is_ignored_by_default;

    ErrorEndsProperly => an_error_aborts_the_response;
    ErrorDropsWhatIsReady => what_came_before_an_error_is_delivered;
    ErrorAlwaysAborts => an_error_can_end_the_response;
    ErrorEventLost => an_error_can_become_an_event;

    OnEndTwice => on_end_tells_that_the_stream_finished;
    ErrorNotTold => on_end_tells_of_an_error;
    ShutdownToldAsFinish => on_end_tells_of_a_shutdown;
    ClientGoneNotTold => on_end_tells_that_the_client_closed on_end_tells_that_the_client_reset;
    BatchCountedAsOne => on_end_counts_the_events_of_a_batch;

    StreamLeaked => a_stream_is_dropped_when_the_client_closes a_stream_is_dropped_when_the_client_resets;
    /// With keep-alives that count: it takes four of them to notice, where one is allowed.
    ClientMissedLate => a_stream_is_dropped_when_the_client_closes a_stream_is_dropped_when_the_client_resets;
    /// A keep-alive although it is off, once the client has left.
    WritesToTheGone => a_stream_is_dropped_when_the_client_closes a_stream_is_dropped_when_the_client_resets;
    FramesNotCounted => a_stream_is_dropped_when_the_client_closes a_stream_is_dropped_when_the_client_resets;

    ShutdownIgnored => open_streams_end_on_shutdown;
    ShutdownCutsEveryStream => without_the_handle_shutdown_waits;
    NoReconnectionTime => shutdown_can_tell_a_reconnection_time;
    SameReconnectionTime => shutdown_can_tell_a_reconnection_time;
}
